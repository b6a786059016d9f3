export { platformConfig } from './config.ts';
export { NODE_OPTIONS } from './node-options.ts';
export { readSettings } from './read-settings.ts';
export { runService } from './run-service.ts';
