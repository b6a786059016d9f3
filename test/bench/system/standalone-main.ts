import { createApiKeyAuthenticator, httpProcessConfig, startHttpGateway } from '@oio/http-gateway';
import { createInProcessBus } from '@oio/messaging';
import { metricsConfig, startMetrics } from '@oio/metrics';
import { opencodeProcessConfig, startOpencodeGateway } from '@oio/opencode-gateway';
import { createInProcessOwnerDirectory, createSessionRouter } from '@oio/ownership';
import { createPostgresDeadLetters, openDatabase, openLockConnection, untilLockFree } from '@oio/persistence';
import { createLogger, createSetClock, parseConfig, runMain } from '@oio/runtime';
import { schedulerConfig, startScheduler } from '@oio/scheduler';
import { sessionActorConfig, startSessionActor } from '@oio/session-actor';
import { type Agents, createAgents } from './null-agents.ts';

const environment = process.env;
const databaseUrl = environment['DATABASE_URL'] ?? '';

// As services/standalone composes them, but for the connection to the OpenCode servers and the log on standard error.
await runMain(async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await openDatabase(databaseUrl));
  const parking = createPostgresDeadLetters(database);
  const logger = (service: string) => createLogger(service);
  const onBug = (err: unknown, subject: string): void => logger('bus').error({ err, subject }, 'handler failed');
  const bus = stack.use(createInProcessBus({ onBug, parking }));
  const directory = stack.use(createInProcessOwnerDirectory());
  const router = createSessionRouter(bus, directory);
  const shared = { bus, directory, router, clock: createSetClock(), parking, database };
  const locks = stack.use(await openLockConnection(databaseUrl));
  const actorConfig = parseConfig(sessionActorConfig, environment);
  stack.use(await startSessionActor(actorConfig, { ...shared, locks, logger: logger('session-actor') }));
  const config = parseConfig(opencodeProcessConfig, environment);
  const setting = {
    serverDirectory: config.OPENCODE_DIRECTORY,
    worktreesDirectory: config.WORKTREES_DIRECTORY,
    roots: config.WORKSPACE_ROOTS,
    model: null,
    providers: null,
    authContent: null,
    environment,
  };
  const connect = () => createAgents(environment['BENCH_AGENTS'] as Agents);
  stack.use(await startOpencodeGateway(config, setting, { ...shared, connect, logger: logger('opencode-gateway') }));
  stack.use(await startMetrics(parseConfig(metricsConfig, environment), { ...shared, logger: logger('metrics') }));
  const watchLock = (key: string, signal: AbortSignal) => untilLockFree(databaseUrl, key, signal);
  const plan = parseConfig(schedulerConfig, environment);
  stack.use(await startScheduler(plan, { ...shared, locks, watchLock, logger: logger('scheduler') }));
  const authenticator = createApiKeyAuthenticator(environment['API_KEY'] ?? '');
  const httpConfig = parseConfig(httpProcessConfig, environment);
  stack.use(await startHttpGateway(httpConfig, { ...shared, authenticator, logger: logger('http-gateway') }));
  logger('standalone').info('ready for work');
  return stack.move();
});
