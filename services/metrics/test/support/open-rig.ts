import { metricsExposition, type StoredSessionEvent, sessionEvents } from '@oio/contracts';
import { type Bus, createInProcessBus, serviceEnvelope } from '@oio/messaging';
import { commitSessions, type Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, createSetClock, newId, parseConfig } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import { metricsConfig, startMetrics } from '../../src/index.ts';
import type { Life } from './life.ts';

/** Any number of metrics services over one bus and one database. */
export interface Rig extends AsyncDisposable {
  readonly bus: Bus;
  readonly database: Database;
  /** Starts one more instance. */
  start(bus?: Bus): Promise<void>;
  /** What each of so many instances shows. */
  expositions(instances: number): Promise<string[]>;
  /** Stores the session with its history. */
  store(life: Life): Promise<void>;
  publish(events: readonly StoredSessionEvent[]): Promise<void>;
  /** The value of one line of the exposition. */
  value(line: string): Promise<number | undefined>;
}

export async function openRig(): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openTestDatabase());
  const bus = stack.use(createInProcessBus());
  const logger = createLogger('metrics', { level: 'silent' });
  const all = stack.move();
  return {
    bus,
    database,
    ...storyOf({ bus, database }),
    async start(own = bus) {
      const ports = { bus: own, database, clock: createSetClock(), logger };
      all.use(await startMetrics(parseConfig(metricsConfig, {}), ports));
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** What happens, and what the instances show of it. */
function storyOf({
  bus,
  database,
}: Pick<Rig, 'bus' | 'database'>): Pick<Rig, 'store' | 'publish' | 'expositions' | 'value'> {
  return {
    async expositions(instances) {
      const bodies: string[] = [];
      // They are asked in turn.
      for (let turn = 0; turn < instances; turn += 1) {
        bodies.push((await bus.request(metricsExposition, {}, serviceEnvelope('test'))).body);
      }
      return bodies;
    },
    async store({ history, snapshot }) {
      const batch = [
        { next: snapshot, events: history, epoch: 1, fromVersion: 0, owner: newId(), schedulerEpoch: null },
      ];
      await commitSessions(database, batch);
      // Only from then on does the relay publish it, and can it be read in order.
      await eventually(async () => {
        const [row] = await database.query<{ done: boolean }>(SETTLED, [snapshot.id]);
        return row?.done;
      });
    },
    async publish(events) {
      for (const event of events) {
        await bus.publish(sessionEvents[event.type], event, { id: `${event.sessionId}:${event.seq}` });
      }
    },
    async value(line) {
      const { body } = await bus.request(metricsExposition, {}, serviceEnvelope('test'));
      const found = body.split('\n').find((candidate) => candidate.startsWith(`${line} `));
      return found === undefined ? undefined : Number(found.slice(line.length + 1));
    },
  };
}

const SETTLED = `
select bool_and(xid < pg_snapshot_xmin(pg_current_snapshot())) as done from session_events where session_id = $1::uuid`;
