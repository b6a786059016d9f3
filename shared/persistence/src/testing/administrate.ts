import { Pool, type QueryResult } from 'pg';

const pools = new Map<string, Pool>();

/**
 * One statement on the server's own database. A process keeps one connection to each server for it, because each costs a
 * process of the server; while it is idle it keeps nobody alive. It compresses nothing: that is half of what a copy costs.
 */
export function administrate(server: string, statement: string): Promise<QueryResult> {
  let pool = pools.get(server);
  if (pool === undefined) {
    const options = '-c wal_compression=off';
    pool = new Pool({ connectionString: server, options, max: 1, idleTimeoutMillis: 60_000, allowExitOnIdle: true });
    // A server may end while nobody asks it anything.
    pool.on('error', () => {});
    pools.set(server, pool);
  }
  return pool.query(statement);
}
