export { type SchedulerConfig, schedulerConfig } from './config.ts';
export type { Blocker } from './placement.ts';
export type { SchedulerPorts } from './ports.ts';
export { type Scheduler, startScheduler } from './service.ts';
