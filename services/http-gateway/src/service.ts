import { createGatewayRouter } from '@oio/ownership';
import { createPostgresDeadLetters, type Database } from '@oio/persistence';
import { Admission } from './admission.ts';
import { createPostgresApprovalList } from './adapters/postgres-approval-list.ts';
import { createPostgresIdempotencyKeys } from './adapters/postgres-idempotency-keys.ts';
import { createPostgresLimitStore } from './adapters/postgres-limit-store.ts';
import { createPostgresQuotaStore } from './adapters/postgres-quota-store.ts';
import { createPostgresScheduleStore } from './adapters/postgres-schedule-store.ts';
import { createPostgresServerList } from './adapters/postgres-server-list.ts';
import { createPostgresSessionReader } from './adapters/postgres-session-reader.ts';
import { createApp } from './app.ts';
import { type HttpGatewayConfig, knownNames } from './config.ts';
import { forgetOldKeys } from './forget-old-keys.ts';
import { createHandlers } from './handlers.ts';
import { LIMITS, type Limits } from './limits.ts';
import { type Handle, listen } from './listen.ts';
import { createPlaceInspection } from './place-violations.ts';
import { OrderLimit } from './order-limit.ts';
import type { HttpGatewayPorts } from './ports.ts';
import { createReadiness } from './readiness.ts';
import { RefusalCounts, reportRefusals } from './refusal-counts.ts';
import { createOverloadRefusal } from './refuse-overload.ts';
import { createReplay } from './replay-message.ts';
import { createScheduleInspection } from './schedule-violations.ts';
import { SessionEnds } from './session-ends.ts';
import { SessionStreams } from './session-streams.ts';

/** Where the limit of orders begins. */
const FIRST_ORDERS = 256;

export interface HttpGateway extends AsyncDisposable {
  /** Where a client on this machine reaches the API. */
  readonly url: string;
}

/** Starts the HTTP API. Throws StartupError when it cannot listen, or must not listen where it was told to. */
export async function startHttpGateway(
  config: HttpGatewayConfig,
  ports: HttpGatewayPorts,
  limits: Limits = LIMITS,
): Promise<HttpGateway> {
  const { API_HOST: host, API_PORT: port, API_MAX_STREAMS: maxStreams } = config;
  const allowedHosts = knownNames(config);
  await using stack = new AsyncDisposableStack();
  const { bus, router, database, clock, logger, authenticator } = ports;
  const reader = createPostgresSessionReader(database);
  const keys = createPostgresIdempotencyKeys(database);
  const readiness = createReadiness(ports.health ?? (async () => [await database.health()]));
  stack.use(forgetOldKeys(keys, logger));
  const ends = stack.use(new SessionEnds({ reader, logger, most: limits.waits, lookMs: limits.lookMs }));
  const streams = stack.use(await SessionStreams.start({ bus, reader, ends, logger, maxStreams, ...limits }));
  const admission = new Admission(
    limits.inFlight,
    new OrderLimit({ ...limits.orders, first: Math.min(FIRST_ORDERS, limits.orders.most) }),
  );

  const operated = operatedStores(database);
  const records = { approvals: createPostgresApprovalList(database), schedules: createPostgresScheduleStore(database) };
  const replay = createReplay(bus, router);
  const told = { streams, ends, admission, readiness, logger, maxSchedules: config.API_MAX_SCHEDULES, ...records };
  const gateways = createGatewayRouter(bus);
  const handlers = createHandlers({ bus, router, gateways, reader, keys, clock, replay, ...operated, ...told });
  const further = inspections(gateways, clock, logger);
  const refusals = new RefusalCounts(clock);
  stack.use(reportRefusals(refusals, logger));
  const parts = { handlers, further, allowedHosts, authenticator, limits, admission, refusals, logger };
  const app = createApp(parts).callback();
  const refuse = createOverloadRefusal(logger);
  const handle: Handle = (request, response) =>
    admission.enter(request, response) ? void app(request, response) : refuse(response);
  const listening = stack.use(await listen({ host, port, limits, handle }));
  // Open streams and waits would keep the server from closing, so that they end before it.
  stack.use(streams);
  stack.use(ends);
  logger.info({ url: listening.url }, 'http-gateway started');
  const running = stack.move();
  return { url: listening.url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** By route, what to ask about a body that breaks its contract. */
function inspections(...parts: Parameters<typeof createPlaceInspection>) {
  const ofSchedule = createScheduleInspection(...parts);
  return {
    createSession: createPlaceInspection(...parts),
    createSchedule: ofSchedule,
    replaceSchedule: ofSchedule,
  };
}

/** What operators look after. */
function operatedStores(database: Database) {
  return {
    letters: createPostgresDeadLetters(database),
    servers: createPostgresServerList(database),
    limits: createPostgresLimitStore(database),
    quotas: createPostgresQuotaStore(database),
  };
}
