export { platformConfig } from './config.ts';
export { readSettings } from './read-settings.ts';
export { runService } from './run-service.ts';
