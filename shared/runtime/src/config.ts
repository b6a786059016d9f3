import { EXIT_CODE, StartupError } from '@oio/errors';
import type { z } from 'zod';

/** Reads settings from an environment: a pure function of the record. Throws StartupError that names every wrong variable. */
export function parseConfig<T extends z.ZodType>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new StartupError(`Wrong settings:\n${lines.join('\n')}`, EXIT_CODE.config);
}
