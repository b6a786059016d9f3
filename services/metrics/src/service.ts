import { SESSION_EVENT_TYPES, type StoredSessionEvent, sessionEvents } from '@oio/contracts';
import { serveAll } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import { createPostgresSessionHistory } from './adapters/postgres-session-history.ts';
import type { MetricsConfig } from './config.ts';
import { type Entry, EventLedger } from './event-ledger.ts';
import { HistoryFollower } from './follow-history.ts';
import { ABOUT_ALL, ABOUT_ONE, createHandlers } from './handlers.ts';
import { inBackground } from './in-background.ts';
import type { MetricsPorts } from './ports.ts';
import { recordEvent } from './record-event.ts';
import { recountEvery } from './recount-every.ts';
import { StatusCounts } from './status-counts.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** How long a start waits for the stored history to be counted, in milliseconds; a longer one is counted behind it. */
const COUNT_WITHIN_MS = 3_000;

/** Starts one metrics service: it counts what is stored, follows all events and answers in numbers. */
export async function startMetrics(config: MetricsConfig, ports: MetricsPorts): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, database, clock, logger } = ports;
  const history = createPostgresSessionHistory(database);
  const counts = new StatusCounts();
  let closedModels = 0;
  const telemetry = stack.adopt(
    createTelemetry(
      (status) => counts.of(status),
      () => closedModels,
    ),
    ({ end }) => end(),
  );
  const ledger = new EventLedger({ history, capacity: config.METRICS_REMEMBERED_SESSIONS, logger });
  const record = recorder({ counts, telemetry, logger });
  const follower = new HistoryFollower({ history, ledger, record, logger });

  const contracts = SESSION_EVENT_TYPES.map((type) => sessionEvents[type]);
  // Before the first reading, so that nothing falls in between. Without a group: each instance hears everything, so that
  // whichever is asked gives the whole picture.
  stack.defer(
    await bus.subscribe(contracts, { handler: eventHandler({ follower, ledger, telemetry, record, logger }) }),
  );
  const count = async (): Promise<void> => {
    await counts.recount(() => history.countByStatus());
    closedModels = await history.closedModels();
  };
  await count();
  stack.use(recountEvery(config.METRICS_RECOUNT_SECONDS * 1_000, count, logger));

  const handlers = createHandlers({ telemetry, history, clock });
  stack.defer(await serveAll(bus, ABOUT_ONE, handlers));
  // Half-counted totals would be wrong, so that they are not shown before.
  const counted = inBackground(logger, async (signal, resources) => {
    await follower.catchUp(signal);
    if (!signal.aborted) resources.defer(await serveAll(bus, ABOUT_ALL, handlers));
  });
  stack.use(counted);
  await counted.doneWithin(COUNT_WITHIN_MS);
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

interface EventParts {
  readonly follower: HistoryFollower;
  readonly ledger: EventLedger;
  readonly telemetry: Telemetry;
  readonly record: (entry: Entry) => void;
  readonly logger: Logger;
}

/** Counts what the bus brings, once it is its turn. */
function eventHandler({ follower, ledger, telemetry, record, logger }: EventParts) {
  return async (event: StoredSessionEvent): Promise<void> => {
    try {
      if (!(await follower.isTurn())) return;
      const { entries, outcome } = await ledger.admit(event);
      telemetry.received(outcome);
      for (const entry of entries) record(entry);
    } catch (error) {
      // Not thrown on: the bus would bring the event again and again, and hold up all that come behind it.
      logger.error({ err: error, sessionId: event.sessionId, seq: event.seq }, 'event not counted');
    }
  };
}
