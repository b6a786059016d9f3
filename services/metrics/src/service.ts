import { SESSION_EVENT_TYPES, type StoredSessionEvent, sessionEvents } from '@oio/contracts';
import { serveAll } from '@oio/messaging';
import { createPostgresSessionHistory } from './adapters/postgres-session-history.ts';
import type { MetricsConfig } from './config.ts';
import { EventLedger } from './event-ledger.ts';
import { createHandlers, METRICS_REQUESTS } from './handlers.ts';
import type { MetricsPorts } from './ports.ts';
import { recordEvent } from './record-event.ts';
import { recountEvery } from './recount-every.ts';
import { StatusCounts } from './status-counts.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** Starts one metrics service: it follows all events and answers in numbers. */
export async function startMetrics(config: MetricsConfig, ports: MetricsPorts): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { bus, database, clock, logger } = ports;
  const history = createPostgresSessionHistory(database);
  const counts = new StatusCounts();
  const telemetry = stack.adopt(
    createTelemetry((status) => counts.of(status)),
    ({ end }) => end(),
  );

  // Subscribed before the first count, so that nothing falls in between; what comes is counted after it.
  const count = () => counts.recount(() => history.countByStatus());
  const capacity = config.METRICS_REMEMBERED_SESSIONS;
  const ledger = count().then(({ atMs }) => new EventLedger({ history, capacity, sinceMs: atMs, logger }));
  // Its failure is thrown below, once the subscription can be ended.
  ledger.catch(() => {});
  const handler = async (event: StoredSessionEvent): Promise<void> => {
    try {
      await follow(await ledger, event, { counts, telemetry });
    } catch (error) {
      // Not thrown on: the bus would bring the event again and again, and hold up all that come behind it.
      logger.error({ err: error, sessionId: event.sessionId, seq: event.seq }, 'event not counted');
    }
  };
  const contracts = SESSION_EVENT_TYPES.map((type) => sessionEvents[type]);
  // Without a group: each instance hears everything, so that whichever is asked gives the whole picture.
  stack.defer(await bus.subscribe(contracts, { handler }));
  await ledger;
  stack.use(recountEvery(config.METRICS_RECOUNT_SECONDS * 1_000, count, logger));
  stack.defer(await serveAll(bus, METRICS_REQUESTS, createHandlers({ telemetry, history, clock })));
  return stack.move();
}

interface Counting {
  readonly counts: StatusCounts;
  readonly telemetry: Telemetry;
}

async function follow(ledger: EventLedger, event: StoredSessionEvent, { counts, telemetry }: Counting): Promise<void> {
  const { entries, outcome } = await ledger.admit(event);
  telemetry.received(outcome);
  for (const entry of entries) {
    counts.apply(entry.event, entry.before);
    recordEvent(telemetry, entry);
  }
}
