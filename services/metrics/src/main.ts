import { runService } from '@oio/platform';
import { metricsConfig } from './config.ts';
import { startMetrics } from './service.ts';

await runService({
  service: 'metrics',
  config: metricsConfig,
  environment: process.env,
  start: startMetrics,
});
