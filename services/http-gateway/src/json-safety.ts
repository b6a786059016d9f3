import { InvalidError, type Violation } from '@oio/errors';

/** Keys by which an object could reach its own prototype. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MOST_VIOLATIONS = 100;

/**
 * What is dangerous in JSON or cannot be stored, wherever it stands: keys that reach a prototype, NUL, half of a surrogate
 * pair. Throws when it is nested deeper than `maxDepth`. Walks without recursion, so that no input overflows the stack.
 */
export function unsafeParts(value: unknown, maxDepth: number): Violation[] {
  const violations: Violation[] = [];
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next && violations.length < MOST_VIOLATIONS; next = open.pop()) {
    const { path, depth } = next;
    if (typeof next.value === 'string') violations.push(...unstorable(next.value, path));
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (depth >= maxDepth)
      throw new InvalidError(`JSON must not be nested more than ${maxDepth} levels deep.`, { code: 'too_deep' });
    for (const [key, child] of Object.entries(next.value)) {
      const childPath = path ? `${path}.${key}` : key;
      violations.push(...badKey(key, childPath));
      open.push({ value: child, path: childPath, depth: depth + 1 });
    }
  }
  return violations;
}

function badKey(key: string, field: string): Violation[] {
  if (FORBIDDEN_KEYS.has(key))
    return [{ field, code: 'forbidden_key', message: `"${key}" is not accepted as the name of a field.` }];
  return unstorable(key, field.replaceAll('\0', '').toWellFormed());
}

function unstorable(text: string, field: string): Violation[] {
  if (text.isWellFormed() && !text.includes('\0')) return [];
  return [
    {
      field,
      code: 'unstorable_characters',
      message: 'Holds characters that cannot be stored (NUL or half of a surrogate pair).',
    },
  ];
}
