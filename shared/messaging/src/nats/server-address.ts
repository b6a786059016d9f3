import { EXIT_CODE, StartupError } from '@oio/errors';

/** Where a NATS server is, and as whom to go there. */
export interface ServerAddress {
  readonly servers: string[];
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * Reads `nats://user:password@host:4222`, or several with commas between; the credentials of the first count. Throws
 * `StartupError` without repeating what may hold a password.
 */
export function parseServerAddress(text: string): ServerAddress {
  const urls = text.split(',').map((part) => parseUrl(part.trim()));
  const [first] = urls;
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port || '4222'}`),
    user: decoded(first?.username),
    password: decoded(first?.password),
  };
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url?.protocol === 'nats:' && url.hostname !== '') return url;
  throw new StartupError('The address of NATS must be like nats://user:password@host:4222.', EXIT_CODE.config);
}

function decoded(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new StartupError('The credentials in the address of NATS are not percent-encoded.', EXIT_CODE.config, {
      cause,
    });
  }
}
