export { type SessionActorConfig, sessionActorConfig } from './config.ts';
export type { SessionActorPorts } from './ports.ts';
export { startSessionActor } from './service.ts';
