import { startRedisServer } from '../src/start-redis-server.ts';

/** A process for a test: starts a server, says which, and lives until it is killed. */
const server = await startRedisServer({ directory: process.argv[2] ?? '' });
process.stdout.write(JSON.stringify({ pid: server.pid, port: server.port }));
setInterval(() => {}, 60_000);
