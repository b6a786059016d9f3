import { createApiKeyAuthenticator, loadOrCreateApiKey, startHttpGateway } from '@oio/http-gateway';
import { createInProcessBus, type Parking } from '@oio/messaging';
import { startMetrics } from '@oio/metrics';
import { openCodeCredentials, startOpencodeGateway } from '@oio/opencode-gateway';
import { createInProcessOwnerDirectory, createSessionRouter } from '@oio/ownership';
import { createPostgresDeadLetters, openDatabase, openLockConnection, untilLockFree } from '@oio/persistence';
import { createLogger, createSetClock, type Logger } from '@oio/runtime';
import { startScheduler } from '@oio/scheduler';
import { startSessionActor } from '@oio/session-actor';
import { pino } from 'pino';
import type { Place, Standalone, StandaloneOptions } from './start-standalone.ts';
import { supervisePostgres } from './supervise-postgres.ts';

/** Starts all services in this process. Throws `StartupError`; what was started by then is stopped. */
export async function startServices(
  options: StandaloneOptions,
  { roots, data }: Place,
): Promise<Omit<Standalone, keyof Place>> {
  const { config, environment, onProgress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const apiKey = await loadOrCreateApiKey(data.root);
  const logger = openLog(stack, data.log, config.LOG_LEVEL);

  onProgress(config.DATABASE_URL ? 'Connecting to the database' : 'Starting PostgreSQL');
  const databaseUrl =
    config.DATABASE_URL ?? stack.use(await supervisePostgres({ directory: data.postgres }, logger('postgres'))).url;
  const database = stack.use(await openDatabase(databaseUrl));
  const parking = createPostgresDeadLetters(database);
  const shared = { ...openBus(stack, logger('bus'), parking), parking, database };
  const locks = stack.use(await openLockConnection(databaseUrl));
  stack.use(await startSessionActor(config, { ...shared, locks, logger: logger('session-actor') }));
  onProgress('Starting OpenCode');
  const setting = {
    serverDirectory: data.opencode,
    worktreesDirectory: data.worktrees,
    roots,
    model: config.OIO_MODEL ?? null,
    providers: options.providers ?? config.OIO_PROVIDERS ?? null,
    authContent: await openCodeCredentials(environment),
    environment,
  };
  stack.use(await startOpencodeGateway(config, setting, { ...shared, logger: logger('opencode-gateway') }));
  stack.use(await startMetrics(config, { ...shared, logger: logger('metrics') }));
  const watchLock = (key: string, signal: AbortSignal) => untilLockFree(databaseUrl, key, signal);
  stack.use(await startScheduler(config, { ...shared, locks, watchLock, logger: logger('scheduler') }));
  const authenticator = createApiKeyAuthenticator(apiKey);
  const http = stack.use(await startHttpGateway(config, { ...shared, authenticator, logger: logger('http-gateway') }));

  const running = stack.move();
  return { url: http.url, apiKey, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function openLog(stack: AsyncDisposableStack, path: string, level: string): (service: string) => Logger {
  const file = pino.destination({ dest: path, sync: true, mode: 0o600 });
  // A full disk costs lines of the log, not the process.
  file.on('error', () => {});
  stack.adopt(file, () => file.end());
  return (service) => createLogger(service, { level, destination: file });
}

/** The ways in which the services of one process find each other. */
function openBus(stack: AsyncDisposableStack, logger: Logger, parking: Parking) {
  const onBug = (error: unknown, subject: string): void => logger.error({ err: error, subject }, 'handler failed');
  const bus = stack.use(createInProcessBus({ onBug, parking }));
  const directory = stack.use(createInProcessOwnerDirectory());
  return { bus, directory, router: createSessionRouter(bus, directory), clock: createSetClock() };
}
