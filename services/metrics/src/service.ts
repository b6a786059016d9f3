import { SESSION_EVENT_TYPES, sessionEvents } from '@oio/contracts';
import { serveAll } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import { createPostgresPresentSessions } from './adapters/postgres-present-sessions.ts';
import { createPostgresSavedTotals } from './adapters/postgres-saved-totals.ts';
import { createPostgresSessionHistory } from './adapters/postgres-session-history.ts';
import type { MetricsConfig } from './config.ts';
import { HistoryFollower } from './follow-history.ts';
import { createHandlers, SERVED } from './handlers.ts';
import { HeardEvents } from './heard-events.ts';
import { type Entry, KnownSessions } from './known-sessions.ts';
import type { MetricsPorts } from './ports.ts';
import { recordEvent } from './record-event.ts';
import { recountEvery } from './recount-every.ts';
import { StatusCounts } from './status-counts.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** How long a start waits for what is stored to be counted, in milliseconds; more is counted behind it. */
const COUNT_WITHIN_MS = 3_000;

/** Starts one metrics service: it counts the history of all sessions and answers in numbers. */
export async function startMetrics(config: MetricsConfig, ports: MetricsPorts): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, database, clock, logger } = ports;
  const present = createPostgresPresentSessions(database);
  const counts = new StatusCounts();
  let closedModels = 0;
  const count = async (): Promise<void> => {
    await counts.recount(() => present.countByStatus());
    closedModels = await present.closedModels();
  };
  await count();
  stack.use(recountEvery(config.METRICS_RECOUNT_SECONDS * 1_000, count, logger));

  const telemetry = stack.adopt(
    createTelemetry({
      statusCount: (status) => counts.of(status),
      closedModels: () => closedModels,
      isCatchingUp: (): boolean => follower.isCatchingUp,
    }),
    ({ end }) => end(),
  );
  const heard = new HeardEvents();
  const contracts = SESSION_EVENT_TYPES.map((type) => sessionEvents[type]);
  // Without a group: each instance hears everything, so that whichever is asked gives the whole picture.
  stack.defer(await bus.subscribe(contracts, { handler: (event) => heard.keep(event) }));
  const follower = stack.use(
    new HistoryFollower({
      history: createPostgresSessionHistory(database),
      saved: createPostgresSavedTotals(database),
      heard,
      sessions: new KnownSessions(config.METRICS_REMEMBERED_SESSIONS),
      totals: telemetry.totals,
      record: recorder({ counts, telemetry, logger }),
      counted: telemetry.counted,
      saveEveryMs: config.METRICS_SAVE_SECONDS * 1_000,
      logger,
    }),
  );
  await follower.caughtUpWithin(COUNT_WITHIN_MS);
  stack.defer(await serveAll(bus, SERVED, createHandlers({ telemetry, sessions: present, clock })));
  return stack.move();
}

interface RecorderParts {
  readonly counts: StatusCounts;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

/** Counts one event. What nobody can read is left out, and said so: it holds up nothing that comes behind it. */
function recorder({ counts, telemetry, logger }: RecorderParts): (entry: Entry) => void {
  return (entry) => {
    try {
      counts.apply(entry.event, entry.before);
      recordEvent(telemetry, entry);
    } catch (error) {
      const { sessionId, seq } = entry.event;
      logger.error({ err: error, sessionId, seq }, 'stored event not counted');
    }
  };
}
