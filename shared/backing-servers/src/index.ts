export type { BackingServer } from './backing-server.ts';
export { requireBinary } from './require-binary.ts';
export { type NatsServer, startNatsServer } from './start-nats-server.ts';
export { type RedisServer, startRedisServer } from './start-redis-server.ts';
export { killWithThisProcess, whenThisProcessEnds } from './with-this-process.ts';
