import { EXIT_CODE, StartupError } from '@oio/errors';
import { z } from 'zod';
import { loadApiKey } from './api-key.ts';
import { httpGatewayConfig } from './config.ts';

/** Settings of an http-gateway that is a process of its own. */
export const httpProcessConfig = z.object({
  ...httpGatewayConfig.shape,
  API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{32,4096}$/, 'must be at least 32 characters without spaces')
    .optional()
    .describe('The bearer key of the API. Without it API_KEY_FILE is needed: nothing is served without credentials.'),
  API_KEY_FILE: z.string().optional().describe('A file with the bearer key of the API, readable by its owner only.'),
});

/** The key of the API. Throws `StartupError` when there is none, two, or one that others can read. */
export async function apiKeyOf({
  API_KEY: key,
  API_KEY_FILE: file,
}: Pick<z.output<typeof httpProcessConfig>, 'API_KEY' | 'API_KEY_FILE'>): Promise<string> {
  if ((key === undefined) === (file === undefined))
    throw new StartupError('Wrong settings:\n  API_KEY, API_KEY_FILE: one of the two is needed', EXIT_CODE.config);
  const found = key ?? (await loadApiKey(String(file)));
  if (found) return found;
  throw new StartupError(`The API key file ${file} does not exist. Make it, or set API_KEY.`, EXIT_CODE.config);
}
