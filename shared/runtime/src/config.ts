import { EXIT_CODE, StartupError } from '@oio/errors';
import type { z } from 'zod';
import { misspelled } from './misspelled.ts';

/**
 * Reads settings from an environment: a pure function of the record; an empty variable counts as not set. Throws
 * `StartupError` that names every wrong variable and says what was expected, not what came: that may be a secret.
 */
export function parseConfig<T extends z.ZodType>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, code, message }) => {
    const name = path.join('.');
    const isMissing = code === 'invalid_type' && path.length > 0 && !Object.hasOwn(given, String(path[0]));
    return `  ${name}${name && ': '}${isMissing ? missing(name, given) : message}`;
  });
  throw new StartupError(`Wrong settings:\n${lines.join('\n')}`, EXIT_CODE.config);
}

function missing(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const [found] = misspelled([name], environment);
  return `is needed and not set${found ? `; ${found.name} is` : ''}`;
}
