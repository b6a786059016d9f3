/** What came instead of what was expected, short enough for a message. */
export function came(input: unknown): string {
  if (input === undefined) return 'it is missing';
  if (typeof input === 'string') return `got "${excerpt(input)}"`;
  if (typeof input === 'number' || typeof input === 'boolean' || input === null) return `got ${String(input)}`;
  return `got ${Array.isArray(input) ? 'a list' : `an ${typeof input}`}`;
}

/** Never echo long input. */
export function excerpt(input: unknown): string {
  const value = String(input);
  return (value.length <= 60 ? value : `${value.slice(0, 57)}…`).toWellFormed();
}
