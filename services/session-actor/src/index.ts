export { sessionActorConfig } from './config.ts';
export { startSessionActor } from './service.ts';
