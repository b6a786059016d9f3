import type { z } from 'zod';
import type { violation } from './opencode.ts';

export type Violation = z.output<typeof violation>;

/** Every broken rule of an input, each with the dotted path of its field. */
export function violationsOf(error: z.ZodError): Violation[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ field: path, code: issue.code, message: issue.message }];
    return issue.keys.map((key) => ({
      field: path ? `${path}.${key}` : key,
      code: 'unknown_field',
      message: `Unknown field "${key.slice(0, 60)}"; it is not accepted.`,
    }));
  });
}
