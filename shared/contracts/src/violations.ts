import type { z } from 'zod';
import { excerpt } from './excerpt.ts';
import type { violation } from './opencode.ts';

export type Violation = z.output<typeof violation>;

/** An answer names this many; nobody reads more, and an input of a megabyte must not get an answer of twenty. */
export const VIOLATIONS_NAMED = 100;

/** Every broken rule of an input, each with the dotted path of its field. */
export function violationsOf(error: z.ZodError): Violation[] {
  const violations = error.issues.flatMap((issue) => violationsIn(issue, []));
  if (violations.length <= VIOLATIONS_NAMED) return violations;
  const rest = (violations.length - VIOLATIONS_NAMED).toLocaleString('en');
  return [
    ...violations.slice(0, VIOLATIONS_NAMED),
    { field: '', code: 'too_many_violations', message: `${rest} further rules are broken.` },
  ];
}

function violationsIn(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): Violation[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_key') return issue.issues.flatMap((inner) => violationsIn(inner, path));
  if (issue.code !== 'unrecognized_keys') return [{ field: fieldAt(path), code: issue.code, message: issue.message }];
  return issue.keys.map((key) => ({
    field: fieldAt([...path, key]),
    code: 'unknown_field',
    message: `Unknown field "${excerpt(key)}"; it is not accepted.`,
  }));
}

function fieldAt(path: readonly PropertyKey[]): string {
  return path.map(excerpt).join('.');
}
