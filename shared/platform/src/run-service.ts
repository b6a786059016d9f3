import { createLogger, misspelled, type Running, runMain } from '@oio/runtime';
import type { z } from 'zod';
import { type PlatformConfig, platformConfig } from './config.ts';
import { connectPlatform, type Platform } from './connect-platform.ts';
import { startHealthServer } from './health-server.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { Readiness } from './readiness.ts';
import { readSettings } from './read-settings.ts';
import { startWhenPossible } from './start-when-possible.ts';
import { stopInTime } from './stop-in-time.ts';

export interface ServiceProcess<C extends z.ZodObject> {
  /** Its name in the log and in the metrics. */
  readonly service: string;
  /** Its own settings; those of the platform come beside them. */
  readonly config: C;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Starts the service on what it is given. What it returns is disposed of before the connections close. */
  readonly start: (config: z.output<C> & PlatformConfig, platform: Platform) => Promise<AsyncDisposable>;
}

/**
 * A whole main.ts: settings, log, health, connections, the service; until a signal comes or the process cannot go on. What
 * it depends on may come late; wrong credentials, a database of a newer schema, and one that is silent while the process stops,
 * end it with a sentence and an exit code, or let it wait to be ended.
 */
export async function runService<C extends z.ZodObject>(definition: ServiceProcess<C>): Promise<void> {
  // Read before all settings are: these may be what it is refused for.
  const waitsWhenRefused = definition.environment['WHEN_REFUSED'] === 'wait';
  await runMain((stopping) => startProcess(definition, stopping), { waitsWhenRefused });
}

async function startProcess<C extends z.ZodObject>(
  { service, config: schema, environment, start }: ServiceProcess<C>,
  stopping: AbortSignal,
): Promise<Running> {
  const config = readSettings(schema, environment);
  const logger = createLogger(service, { level: config.LOG_LEVEL });
  for (const { name, meant } of misspelled(Object.keys({ ...platformConfig.shape, ...schema.shape }), environment))
    logger.warn({ variable: name, meant }, 'setting misspelled: it has no effect');
  await using stack = new AsyncDisposableStack();
  const readiness = new Readiness();
  const metrics = stack.use(createProcessMetrics(service, readiness));
  const { HEALTH_HOST: host, HEALTH_PORT: port, HEALTH_TOKEN: token } = config;
  const health = stack.use(await startHealthServer({ host, port, token, readiness, metrics }));
  logger.info({ healthUrl: health.url }, 'health server listens');
  const platform = stack.use(await connectPlatform(config, { service, logger, readiness, stopping }));
  stack.use(await startWhenPossible(() => start(config, platform), { logger, readiness, stopping }));
  readiness.started();
  // Before anything is taken apart: whoever asks from then on is sent elsewhere.
  stack.defer(async () => readiness.stopping());
  logger.info('ready for work');
  const running = stack.move();
  return {
    failed: platform.failed,
    async [Symbol.asyncDispose]() {
      logger.info('stopping');
      await stopInTime(running.disposeAsync(), platform.database);
      logger.info('stopped');
    },
  };
}
