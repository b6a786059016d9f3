import { EXIT_CODE, StartupError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import { createPostgresIdempotencyKeys } from './adapters/postgres-idempotency-keys.ts';
import { createPostgresSessionReader } from './adapters/postgres-session-reader.ts';
import { createApp } from './app.ts';
import type { HttpGatewayConfig } from './config.ts';
import { createHandlers } from './handlers.ts';
import { LIMITS, type Limits } from './limits.ts';
import { listen } from './listen.ts';
import { isLoopback } from './loopback.ts';
import { placeViolations } from './place-violations.ts';
import type { HttpGatewayPorts } from './ports.ts';
import { createReadiness } from './readiness.ts';
import { SessionStreams } from './session-streams.ts';

const FORGET_KEYS = { afterDays: 7, everyMs: 3_600_000 } as const;

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
  assertReachableByName(config);
  await using stack = new AsyncDisposableStack();
  const { bus, router, database, clock, logger, authenticator } = ports;
  const reader = createPostgresSessionReader(database);
  const keys = createPostgresIdempotencyKeys(database);
  const readiness = createReadiness({ database: () => reader.ping(), ...ports.checks });
  const timer = setInterval(() => {
    keys
      .forget(FORGET_KEYS.afterDays)
      .catch((error: unknown) => logger.warn({ err: error }, 'old idempotency keys not forgotten'));
  }, FORGET_KEYS.everyMs);
  stack.defer(() => clearInterval(timer));

  const streams = stack.use(
    await SessionStreams.start({
      bus,
      reader,
      logger,
      maxStreams: config.API_MAX_STREAMS,
      heartbeatMs: limits.heartbeatMs,
      stallMs: limits.stallMs,
    }),
  );
  const app = createApp({
    handlers: createHandlers({ bus, router, reader, keys, clock, streams, readiness }),
    further: {
      createSession:
        ({ id, tenant }, correlationId) =>
        (raw) => {
          const envelope = { ...serviceEnvelope('http-gateway', { tenant }), correlationId, principal: `user:${id}` };
          return placeViolations(bus, raw as Record<string, unknown>, envelope, logger);
        },
    },
    allowedHosts: config.API_ALLOWED_HOSTS,
    authenticator,
    limits,
    logger,
  });
  const handle = app.callback();
  const listening = stack.use(
    await listen({
      host: config.API_HOST,
      port: config.API_PORT,
      limits,
      handle: (request, response) => void handle(request, response),
    }),
  );
  // Open streams would keep the server from closing, so that they end first; once more at the end does nothing.
  stack.use(streams);
  stack.defer(() => readiness.stop());
  logger.info({ url: listening.url }, 'http-gateway started');
  const running = stack.move();
  return { url: listening.url, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Beyond loopback the names of the API must be known, or the check against DNS rebinding would refuse every request. */
function assertReachableByName({ API_HOST, API_ALLOWED_HOSTS }: HttpGatewayConfig): void {
  if (isLoopback(API_HOST) || API_ALLOWED_HOSTS.length > 0) return;
  throw new StartupError(
    `API_HOST=${API_HOST} can be reached from other machines: say in API_ALLOWED_HOSTS by which names, separated by commas.`,
    EXIT_CODE.config,
  );
}
