import { runService } from '@oio/platform';
import { schedulerConfig } from './config.ts';
import { startScheduler } from './service.ts';

await runService({
  service: 'scheduler',
  config: schedulerConfig,
  environment: process.env,
  start: async (config, platform) => startScheduler(config, { ...platform, locks: await platform.openLocks() }),
});
