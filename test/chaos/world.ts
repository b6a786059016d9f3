import type { NatsServer, RedisServer } from '@oio/backing-servers';
import type { OpencodeServer } from './fleet/opencode-server.ts';
import type { Postgres } from './fleet/postgres.ts';
import type { ServiceKind, ServiceProcess } from './fleet/service-process.ts';
import type { History } from './load/history.ts';
import type { HttpClient } from './load/http-client.ts';
import type { Load } from './load/load.ts';
import type { Random } from './random.ts';
import { type Loss, workOf } from './takeovers.ts';
import type { BusProbe } from './witness/bus-probe.ts';
import type { Witness } from './witness/witness.ts';

/** The system under test, as faults see it. */
export interface World {
  readonly services: readonly ServiceProcess[];
  readonly opencode: readonly OpencodeServer[];
  readonly postgres: Postgres;
  readonly nats: NatsServer;
  readonly redis: RedisServer;
  readonly witness: Witness;
  readonly client: HttpClient;
  readonly apiKey: string;
  readonly bus: BusProbe;
  readonly history: History;
  readonly load: Load;
  /** Directories that the load does not use. */
  readonly directories: readonly string[];
  readonly random: Random;
  readonly losses: Loss[];
  /** For how long faults go on, in seconds: long ones are cut to fit. */
  readonly seconds: number;
  /** Whether there is more than one fault, or the same is wanted often, so that each time must leave some for others. */
  readonly takesTurns: boolean;
  /** Given when the time of faults is over; what repeats itself ends then. */
  readonly signal: AbortSignal;
  /** The fault that this world is for. */
  readonly fault: string;
  /** Whether no other fault was on at any moment since then. */
  readonly isAloneSince: (at: number) => boolean;
}

export function servicesOf(world: World, kind: ServiceKind): readonly ServiceProcess[] {
  return world.services.filter((service) => service.kind === kind);
}

/** One that runs, by chance. */
export function pickService(world: World, kind: ServiceKind): ServiceProcess {
  return world.random.pick(servicesOf(world, kind).filter(({ isServing }) => isServing));
}

/** The worker that a session-actor is, and what it works on now. */
export async function workerOf(world: World, actor: ServiceProcess) {
  const [row] = await world.witness.query<{ incarnation: string }>(
    'select incarnation::text from workers where pid = $1 order by started_at desc limit 1',
    [actor.program.pid],
  );
  if (!row) throw new Error(`${actor.name} has no row in workers.`);
  return { incarnation: row.incarnation, sessions: await workOf(world.witness, row.incarnation) };
}

/** Notes that an owner is lost from now on. */
export function lose(
  world: World,
  how: Loss['how'],
  worker: { readonly incarnation: string; readonly sessions: readonly string[] },
): void {
  world.losses.push({ how, ...worker, at: Date.now(), fault: world.fault });
}

/**
 * A time that fits into the run, in milliseconds: as long as the fault is meant to last, but not longer than the run, and of a
 * run in which faults take turns not more than this share.
 */
export function lasting(world: Pick<World, 'seconds' | 'takesTurns'>, seconds: number, share: number): number {
  const most = world.takesTurns ? Math.max(1, world.seconds * share) : world.seconds;
  return Math.min(seconds, most) * 1_000;
}

/** A session that waits for its client to start it, in a directory that the load does not use. */
export function pendingOrder({ directories, random }: World) {
  return {
    title: 'A session of the harness',
    prompt: '[[work ms=100]] Do it.',
    directory: random.pick(directories),
    workspace: 'in_place',
    start: false,
  };
}
