import { EXIT_CODE, StartupError } from '@oio/errors';
import type { RedisOptions } from 'ioredis';

const CONNECT_MS = 5_000;
/** A connection on which answers are missing for so long is dead, whatever TCP believes. */
const SILENCE_MS = 5_000;
const DISCONNECT_MS = 500;
const FIRST_RECONNECT_MS = 100;
const LAST_RECONNECT_MS = 2_000;

/**
 * Settings of the one connection. Commands are never queued while Redis is away and never sent again after it: a claim
 * that runs late would be a claim that nobody believes in any more. Throws `StartupError`, without telling the URL.
 */
export function redisSettings(url: string): RedisOptions {
  return {
    ...addressOf(url),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disconnectTimeout: DISCONNECT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(FIRST_RECONNECT_MS * 2 ** (times - 1), LAST_RECONNECT_MS),
    protocol: 2,
    disableClientInfo: true,
  };
}

function addressOf(text: string): RedisOptions {
  const url = parsed(text);
  return {
    host: url.hostname.replaceAll(/[[\]]/g, ''),
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1)),
    ...(url.username !== '' && { username: decoded(url.username) }),
    ...(url.password !== '' && { password: decoded(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

function parsed(text: string): URL {
  if (!URL.canParse(text)) throw wrongAddress();
  const url = new URL(text);
  if (!/^rediss?:$/.test(url.protocol) || url.hostname === '' || !/^\/?\d*$/.test(url.pathname)) throw wrongAddress();
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw wrongAddress(error);
  }
}

function wrongAddress(cause?: unknown): StartupError {
  return new StartupError(
    'The address of Redis must have the form redis://:password@host:6379/0 (rediss:// for TLS), the password percent-encoded.',
    EXIT_CODE.config,
    { cause },
  );
}
