import { unlessAborted } from '@oio/runtime';
import { Client } from 'pg';

const CONNECT_MS = 3_000;

/** How long one look for the lock waits, at most. */
const LOOK_MS = 500;

/** The server looks now and then whether the one that waits is still there; it would notice only when the lock falls free. */
const CONNECTION = {
  application_name: 'oio lock watch',
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  options: `-c client_connection_check_interval=2000 -c lock_timeout=${LOOK_MS} -c statement_timeout=0 -c idle_session_timeout=0`,
} as const;

/**
 * Waits until nobody holds a lock of a `LockConnection` exclusively, and is told by the server the moment it falls free. Takes
 * a connection for as long. Rejects when the connection is refused or lost, and when `signal` aborts.
 */
export async function untilLockFree(url: string, key: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const client = new Client({ connectionString: url, ...CONNECTION });
  // Whatever happens to the connection, the statement under way tells.
  client.on('error', () => {});
  const wait = async (): Promise<void> => {
    await client.connect();
    await client.query(waitFor(client.escapeLiteral(key)));
  };
  try {
    await unlessAborted(wait(), signal);
  } finally {
    // One whose statement waits is torn down.
    client.end().catch(() => {});
  }
}

/**
 * One look after the other, all within the server, each in a transaction of its own: whoever waits has a snapshot, and for as long
 * no row that was changed or deleted since can be cleared away, in any table, and every index fills up with entries for them.
 * The lock is gone with the end of the look: nobody else is kept waiting.
 */
function waitFor(key: string): string {
  return `
do $wait$
begin
  loop
    begin
      perform pg_advisory_xact_lock_shared(hashtextextended(${key}, 0));
      exit;
    exception when lock_not_available then null;
    end;
    commit;
  end loop;
end $wait$`;
}
