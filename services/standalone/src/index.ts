export { standaloneOwnConfig } from './config.ts';
