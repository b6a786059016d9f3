export { type StandaloneConfig, standaloneConfig, standaloneOwnConfig } from './config.ts';
export { type Standalone, type StandaloneOptions, startStandalone } from './start-standalone.ts';
