export { batched } from './batched.ts';
export { type Clock, createSetClock, type SetClock } from './clock.ts';
export { parseConfig } from './config.ts';
export type { DependencyHealth } from './dependency-health.ts';
export { derivedId, idAt } from './derived-id.ts';
export { newId, newMessageId } from './ids.ts';
export { leaveInTime } from './leave-in-time.ts';
export { createLogger, type Logger } from './logger.ts';
export { type Running, runMain } from './run-main.ts';
