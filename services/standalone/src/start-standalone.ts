import { createApiKeyAuthenticator, loadOrCreateApiKey, startHttpGateway } from '@oio/http-gateway';
import { createInProcessBus, type Parking } from '@oio/messaging';
import { startMetrics } from '@oio/metrics';
import { openCodeCredentials, startOpencodeGateway } from '@oio/opencode-gateway';
import { createInProcessOwnerDirectory, createSessionRouter } from '@oio/ownership';
import { createPostgresDeadLetters, openDatabase, openLockConnection, untilLockFree } from '@oio/persistence';
import { createLogger, createSetClock, type Logger } from '@oio/runtime';
import { startScheduler } from '@oio/scheduler';
import { defaultDataDirectory } from '@oio/sdk';
import { startSessionActor } from '@oio/session-actor';
import { pino } from 'pino';
import type { StandaloneConfig } from './config.ts';
import { type DataDirectory, prepareDataDirectory, requireGit } from './data-directory.ts';
import { requireFreePort } from './require-free-port.ts';
import { requireRoots } from './require-roots.ts';
import { supervisePostgres } from './supervise-postgres.ts';

export interface StandaloneOptions {
  readonly config: StandaloneConfig;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly currentDirectory: string;
  /** OpenCode's `provider` section, in place of the setting OIO_PROVIDERS. */
  readonly providers?: Readonly<Record<string, unknown>>;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: (doing: string) => void;
}

export interface Standalone extends AsyncDisposable {
  readonly url: string;
  readonly apiKey: string;
  readonly data: DataDirectory;
  readonly roots: readonly string[];
}

/** Starts the whole orchestrator in this process. Throws `StartupError`; what was started by then is stopped. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { config, environment, onProgress = () => {} } = options;
  await using stack = new AsyncDisposableStack();
  const { roots, data } = await prepare(options);
  const apiKey = await loadOrCreateApiKey(data.root);
  const logger = openLog(stack, data.log, config.LOG_LEVEL);

  onProgress(config.DATABASE_URL ? 'Connecting to the database' : 'Starting PostgreSQL');
  const databaseUrl = config.DATABASE_URL ?? stack.use(await supervisePostgres(data.postgres, logger('postgres'))).url;
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
  return { url: http.url, apiKey, data, roots, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What can be seen to be wrong before anything is started. */
async function prepare({ config, environment, currentDirectory }: StandaloneOptions) {
  requireGit();
  const roots = config.WORKSPACE_ROOTS.length > 0 ? config.WORKSPACE_ROOTS : [currentDirectory];
  await requireRoots(roots);
  await requireFreePort(config.API_HOST, config.API_PORT);
  const data = await prepareDataDirectory(config.OIO_DATA_DIR ?? defaultDataDirectory(environment));
  return { roots, data };
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
