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
  /** Starts one more instance. Ended by the rig at the latest. */
  start(own?: { readonly bus?: Bus; readonly database?: Database }): Promise<AsyncDisposable>;
  /** What each of so many instances shows. */
  expositions(instances: number): Promise<string[]>;
  /** Commits what the session has lived since it was committed last. */
  store(life: Life): Promise<void>;
  publish(events: readonly StoredSessionEvent[]): Promise<void>;
  /** Both. */
  happen(life: Life): Promise<void>;
  /** The value of one line of the exposition. */
  value(line: string): Promise<number | undefined>;
  /** Resolves when the line says this. */
  comesTo(line: string, value: number): Promise<void>;
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
    ...shownOn(bus),
    async start(own = {}) {
      const ports = { bus, database, clock: createSetClock(), logger, ...own };
      const service = new AsyncDisposableStack();
      service.use(await startMetrics(parseConfig(metricsConfig, {}), ports));
      return all.use(service);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** What happens. */
function storyOf({ bus, database }: Pick<Rig, 'bus' | 'database'>): Pick<Rig, 'store' | 'publish' | 'happen'> {
  const stored = new Map<string, number>();
  const owner = newId();
  async function store({ id, history, snapshot }: Life): Promise<void> {
    const fromVersion = stored.get(id) ?? 0;
    stored.set(id, snapshot.version);
    const events = history.slice(fromVersion);
    await commitSessions(database, [{ next: snapshot, events, epoch: 1, fromVersion, owner, schedulerEpoch: null }]);
    // Only from then on does the relay publish it, and can it be read in order.
    await eventually(async () => {
      const [row] = await database.query<{ done: boolean }>(SETTLED, [id]);
      return row?.done;
    });
  }
  async function publish(events: readonly StoredSessionEvent[]): Promise<void> {
    for (const event of events) {
      await bus.publish(sessionEvents[event.type], event, { id: `${event.sessionId}:${event.seq}` });
    }
  }
  return {
    store,
    publish,
    async happen(life) {
      const before = stored.get(life.id) ?? 0;
      await store(life);
      await publish(life.history.slice(before));
    },
  };
}

/** What the instances show of it. */
function shownOn(bus: Bus): Pick<Rig, 'expositions' | 'value' | 'comesTo'> {
  const ask = async (): Promise<string> => (await bus.request(metricsExposition, {}, serviceEnvelope('test'))).body;
  async function value(line: string): Promise<number | undefined> {
    const found = (await ask()).split('\n').find((candidate) => candidate.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  }
  return {
    value,
    async comesTo(line, wanted) {
      await eventually(async () => (await value(line)) === wanted, { what: `${line} to be ${wanted}` });
    },
    async expositions(instances) {
      const bodies: string[] = [];
      // They are asked in turn.
      for (let turn = 0; turn < instances; turn += 1) bodies.push(await ask());
      return bodies;
    },
  };
}

const SETTLED = `
select bool_and(xid < pg_snapshot_xmin(pg_current_snapshot())) as done from session_events where session_id = $1::uuid`;
