export { metricsConfig } from './config.ts';
export { startMetrics } from './service.ts';
