export { platformConfig } from './config.ts';
