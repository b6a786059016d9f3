import { setTimeout as pause } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startCpuMeter } from './cpu-meter.ts';
import type { Measured } from './figures.ts';
import { startLiveSessions } from './live-sessions.ts';
import { nextCommits, openWarm, sessionsOf } from './next-commits.ts';
import { type Percentiles, percentiles } from './percentiles.ts';
import { usageOf } from './process-usage.ts';
import { startBacking } from './system/backing.ts';
import { type StartedSystem, startSystem } from './system/start-system.ts';
import { type Watched, watchSessions } from './watch-sessions.ts';

/** Killed, frozen, or told to stop. */
export type Fault = 'SIGKILL' | 'SIGSTOP' | 'SIGTERM';

type Times = Pick<Percentiles, 'p50' | 'p99' | 'max'>;

/** From the fault to the next commit, by another owner, of each session that the faulty process owned, in milliseconds. */
export interface Takeover extends Times {
  readonly sessions: number;
  /** Until it had answered a command that was sent after the fault: its second commit, as the command under way comes first. */
  readonly answered: Times;
  /** Commands that were answered with an error, from the fault on until all are taken over. */
  readonly failed: number;
}

/** One fault: what it did to the sessions, and the client's commands from a second before it until all were taken over. */
export interface Failover {
  readonly takeover: Takeover;
  readonly commands: Measured;
}

export interface FailoverOptions {
  /** For everything of this run. */
  readonly directory: string;
  readonly fault: Fault;
  readonly profiles: string | null;
  readonly onProgress: (text: string) => void;
}

/** As many commands are under way at a time. */
export const SESSIONS = 64;
const SETTLE_MS = 2_000;
/** The meter stops this process for a moment, which nobody shall take for the fault. */
const BEFORE_MS = 1_000;
/** By then the http-gateway has heard of both session-actors, and gives each its share. */
const HEARD_MS = 1_500;

/**
 * W3: two session-actors own running sessions, one of the two has a fault, or is told to stop. A client sends commands to all sessions all the
 * time; a session is taken over when it has committed under another owner.
 */
export async function measureFailover(options: FailoverOptions): Promise<Failover> {
  const { fault, onProgress } = options;
  const directory = join(options.directory, fault);
  await mkdir(directory);
  await using backing = await startBacking(directory, 'distributed');
  onProgress(`w3, ${fault}: starting the services`);
  const plan = { slots: SESSIONS, agents: 'hold', sessionActors: 2 } as const;
  await using system = await startSystem(backing, { ...options, directory, ...plan });
  return await system.whileRunning(() => takeOver(system, options));
}

async function takeOver(system: StartedSystem, { fault, onProgress }: FailoverOptions): Promise<Failover> {
  await pause(HEARD_MS);
  const ids = await startLiveSessions(system);
  const victim = system.services.find(({ name }) => name === 'session-actor-1');
  if (!victim) throw new Error('There is no session-actor-1.');
  using watch = watchSessions(system, ids);
  await pause(SETTLE_MS);
  await using database = await openWarm(system.databaseUrl);
  const commands = measureCommands(system, watch);
  await pause(BEFORE_MS);
  const owned = await sessionsOf(database, victim.pid);
  onProgress(`w3, ${fault}: ${owned.length} of ${ids.length} sessions are taken over`);
  const sinceMs = performance.now();
  victim.signal(fault);
  const committed = nextCommits(database, owned, sinceMs);
  const answers = watch.nextAnswers(
    owned.map(({ id }) => id),
    sinceMs,
  );
  const [times, answered] = await Promise.all([committed, answers]);
  const failed = watch.failedSince(sinceMs);
  const takeover = { sessions: owned.length, ...timesOf(times), answered: timesOf(answered), failed };
  return { takeover, commands: commands() };
}

/** From now on until it is asked. */
function measureCommands({ processes }: StartedSystem, watch: Watched): () => Measured {
  const taken = startCpuMeter(processes);
  const fromMs = performance.now();
  return () => {
    const untilMs = performance.now();
    const cpuSeconds = taken().all;
    const { rssMb } = usageOf(Object.values(processes));
    return { tookMs: untilMs - fromMs, ...watch.between(fromMs, untilMs), cpuSeconds, rssMb };
  };
}

function timesOf(samples: readonly number[]): Times {
  const { p50, p99, max } = percentiles(samples);
  return { p50, p99, max };
}
