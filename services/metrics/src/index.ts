export { type MetricsConfig, metricsConfig } from './config.ts';
export type { MetricsPorts } from './ports.ts';
export { startMetrics } from './service.ts';
