import { isIPv4 } from 'node:net';
import { z } from 'zod';

const NOT_ENCODED = 'must have its user and password percent-encoded: a % in them is %25';

/** Settings that every service process has. */
export const platformConfig = z.object({
  DATABASE_URL: address('postgres:', 'postgresql:').describe(
    'PostgreSQL from version 15 on: postgres://user:password@host:5432/database.',
  ),
  DATABASE_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(2)
    .max(1_000)
    .default(30)
    .describe('Connections to PostgreSQL at most, beside one or two of their own for locks.'),
  NATS_URL: z
    .string()
    .refine((value) => serversOf(value).every((server) => hasProtocol(server, ['nats:'])), {
      message: 'must look like nats://user:password@host:4222, several with one comma between',
      abort: true,
    })
    .refine((value) => serversOf(value).every(isEncoded), NOT_ENCODED)
    .describe('NATS with JetStream: nats://user:password@host:4222; several servers of a cluster separated by commas.'),
  REDIS_URL: address('redis:', 'rediss:')
    .optional()
    .describe('Redis: redis://user:password@host:6379. Without it owners are looked up in PostgreSQL.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
    .default('info')
    .describe('What the log on standard error holds.'),
  HEALTH_HOST: z
    .string()
    .max(255)
    .default('127.0.0.1')
    .describe(
      'The address of /health/live, /health/ready and /metrics. Beyond this machine it is refused without HEALTH_TOKEN.',
    ),
  HEALTH_PORT: port().describe('The port of /health/live, /health/ready and /metrics; 0 takes a free one and logs it.'),
  HEALTH_TOKEN: z
    .string()
    .regex(/^[\w.~+/-]{32,4096}=*$/, 'must be at least 32 characters that fit into an Authorization header')
    .optional()
    .describe(
      'The bearer token for /metrics and the reasons in /health/ready; without it whoever reaches the port sees both.',
    ),
  WHEN_REFUSED: z
    .enum(['exit', 'wait'])
    .default('exit')
    .describe(
      'What a process does that would end in the same way again, with exit code 64 or 78: `wait` keeps it, not ready and with its reason in the log, until it is stopped, where whatever ends is started again.',
    ),
  NODE_ENV: z
    .string()
    .default('development')
    .describe('`production` refuses to start without passwords, or with those of the examples.'),
});
export type PlatformConfig = z.output<typeof platformConfig>;

/** Whether a host name or address means this machine only. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.'));
}

/** The servers that a NATS_URL names. */
export function serversOf(urls: string): readonly string[] {
  return urls.split(',').map((url) => url.trim());
}

function address(...protocols: readonly string[]) {
  return z
    .string()
    .refine((value) => hasProtocol(value, protocols), {
      message: `must look like ${protocols[0]}//user:password@host:port`,
      abort: true,
    })
    .refine(isEncoded, NOT_ENCODED);
}

function hasProtocol(url: string, protocols: readonly string[]): boolean {
  return URL.canParse(url) && protocols.includes(new URL(url).protocol) && new URL(url).hostname !== '';
}

/** What a client would throw on as if it were a defect. */
function isEncoded(url: string): boolean {
  const { username, password } = new URL(url);
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

function port() {
  return z.coerce.number().int().min(0).max(65_535).default(0);
}
