export { schedulerConfig } from './config.ts';
export { type Scheduler, startScheduler } from './service.ts';
