import { EXIT_CODE, StartupError } from '@oio/errors';
import { z } from 'zod';
import { isEveryAddress } from './loopback.ts';

/** Settings of the http-gateway. Source of the defaults: the domain specification, section 5. */
export const httpGatewayConfig = z.object({
  API_HOST: z
    .string()
    .max(255)
    .default('127.0.0.1')
    .describe('The address to listen on. Only this machine can reach the default.'),
  API_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(8_000)
    .describe('The port to listen on; 0 takes a free one.'),
  API_ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((value) =>
      value
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter(Boolean),
    )
    .describe(
      'Names by which clients reach the API, separated by commas; beside API_HOST; needed when it is 0.0.0.0 or ::.',
    ),
  API_MAX_STREAMS: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .describe('How many event streams may be open at a time.'),
  API_MAX_SCHEDULES: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1_000)
    .describe('How many schedules a tenant may have; a further one is refused (`too_many_schedules`).'),
});
export type HttpGatewayConfig = z.output<typeof httpGatewayConfig>;

/**
 * The names by which clients reach the API, beside those of loopback: the check against DNS rebinding needs to know them.
 * Throws `StartupError` when other machines can reach it and none is set.
 */
export function knownNames({
  API_HOST: host,
  API_ALLOWED_HOSTS: allowedHosts,
}: Pick<HttpGatewayConfig, 'API_HOST' | 'API_ALLOWED_HOSTS'>): readonly string[] {
  if (!isEveryAddress(host)) return [...allowedHosts, host.toLowerCase()];
  if (allowedHosts.length > 0) return allowedHosts;
  throw new StartupError(
    `API_HOST=${host} can be reached from other machines: say in API_ALLOWED_HOSTS by which names, separated by commas.`,
    EXIT_CODE.config,
  );
}
