import { once } from 'node:events';
import { Client } from 'pg';

const CONNECT_MS = 3_000;

/** The server looks now and then whether the one that waits is still there; it would notice only when the lock falls free. */
const CONNECTION = {
  application_name: 'oio lock watch',
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  options: '-c client_connection_check_interval=2000 -c statement_timeout=0 -c idle_session_timeout=0',
} as const;

/** Gone with the end of its statement: nobody else is kept waiting. */
const WAIT = 'select pg_advisory_xact_lock_shared(hashtextextended($1, 0))';

/**
 * Waits until nobody holds a lock of a `LockConnection` exclusively, and is told by the server the moment it falls free. Takes
 * a connection for as long. Rejects when the connection is refused or lost, and when `signal` aborts.
 */
export async function untilLockFree(url: string, key: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const client = new Client({ connectionString: url, ...CONNECTION });
  // Whatever happens to the connection, the statement under way tells.
  client.on('error', () => {});
  const waiting = new AbortController();
  const wait = async (): Promise<void> => {
    await client.connect();
    await client.query(WAIT, [key]);
  };
  try {
    const aborted = once(signal, 'abort', { signal: waiting.signal }).then(() => signal.throwIfAborted());
    await Promise.race([wait(), aborted]);
  } finally {
    waiting.abort();
    // One whose statement waits is torn down.
    client.end().catch(() => {});
  }
}
