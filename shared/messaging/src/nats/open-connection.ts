import { setTimeout as pause } from 'node:timers/promises';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { connect, errors, type NatsConnection } from 'nats';
import { gatherWrites } from './gather-writes.ts';
import { parseServerAddress, type ServerAddress } from './server-address.ts';

/** How soon a server that is back is found again, and how far apart a hundred clients come. */
const RECONNECT_PAUSE_MS = 250;
const RECONNECT_JITTER_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;
/** A server that hangs is given up after the third of these, 15 seconds. */
const PING_INTERVAL_MS = 5_000;

export interface OpenConnectionOptions {
  readonly url: string;
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** Told of every attempt that failed. */
  readonly onWaiting: (error: Error) => void;
}

/**
 * Connects, and waits for a server that is late until the signal ends it. Throws `StartupError` at once when the server is
 * there and refuses the credentials: waiting would not help.
 */
export async function openConnection({ url, name, signal, onWaiting }: OpenConnectionOptions): Promise<NatsConnection> {
  const address = parseServerAddress(url);
  for (;;) {
    signal?.throwIfAborted();
    try {
      const nats = await connect(settings(address, name));
      gatherWrites(nats);
      return nats;
    } catch (error) {
      if (isRefusal(error)) throw refused(address, error);
      onWaiting(error instanceof Error ? error : new Error(String(error)));
    }
    await pause(RECONNECT_PAUSE_MS + Math.random() * RECONNECT_JITTER_MS, undefined, signal && { signal });
  }
}

/** What a user receives answers under; only he may listen there. */
export function inboxPrefix(user: string | undefined): string {
  return user === undefined ? '_INBOX' : `_INBOX.${user.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`;
}

function settings({ servers, user, password }: ServerAddress, name: string): Parameters<typeof connect>[0] {
  return {
    servers,
    name,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    inboxPrefix: inboxPrefix(user),
    timeout: CONNECT_TIMEOUT_MS,
    // The first connection is waited for above, where a refusal can be told from an absence and a signal ends the wait.
    waitOnFirstConnect: false,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_PAUSE_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
}

/** A server under load may be too slow to check the credentials; that passes. */
function isRefusal(error: unknown): error is Error {
  return error instanceof errors.AuthorizationError && !/timeout/i.test(error.message);
}

function refused({ servers, user }: ServerAddress, cause: Error): StartupError {
  const who = user === undefined ? 'a client without credentials' : `the user "${user}"`;
  return new StartupError(
    `NATS at ${servers.join(', ')} refuses ${who}: check the user and the password in NATS_URL.`,
    EXIT_CODE.config,
    { cause },
  );
}
