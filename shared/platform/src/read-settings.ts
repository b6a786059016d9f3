import { parseConfig } from '@oio/runtime';
import { z } from 'zod';
import { type PlatformConfig, platformConfig } from './config.ts';
import { requireSecrets } from './require-secrets.ts';

/** The settings of a service process: its own and the platform's, with the secrets that it needs. Throws `StartupError`. */
export function readSettings<C extends z.ZodObject>(
  schema: C,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<C> & PlatformConfig {
  const all = z.object({ ...platformConfig.shape, ...schema.shape });
  const config = parseConfig(all, environment) as z.output<C> & PlatformConfig;
  requireSecrets(config);
  return config;
}
