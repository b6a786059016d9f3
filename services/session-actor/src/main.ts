import { runService } from '@oio/platform';
import { sessionActorConfig } from './config.ts';
import { startSessionActor } from './service.ts';

await runService({
  service: 'session-actor',
  config: sessionActorConfig,
  environment: process.env,
  start: async (config, platform) => startSessionActor(config, { ...platform, locks: await platform.openLocks() }),
});
