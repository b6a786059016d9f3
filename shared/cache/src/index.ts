export type { Cache } from './cache.ts';
export { cached } from './cached.ts';
export { createInProcessCache } from './in-process-cache.ts';
export { createRedisCache } from './redis-cache.ts';
