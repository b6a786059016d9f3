export { platformConfig } from './config.ts';
export { readSettings } from './read-settings.ts';
