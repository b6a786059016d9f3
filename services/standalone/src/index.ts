export { standaloneConfig, standaloneOwnConfig } from './config.ts';
export { prepareDataDirectory, requireGit } from './data-directory.ts';
export { requireFreePort } from './require-free-port.ts';
export { requireRoots } from './require-roots.ts';
export { supervisePostgres } from './supervise-postgres.ts';
export { startStandalone } from './start-standalone.ts';
