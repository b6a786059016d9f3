/** One subject that covers them all, as narrow as it can be: old servers take no list of them. */
export function filterFor(subjects: readonly string[]): string {
  const [first = '', ...others] = subjects;
  if (others.length === 0) return first;
  const lists = subjects.map((subject) => subject.split('.'));
  const shortest = Math.min(...lists.map(({ length }) => length));
  const shared: string[] = [];
  for (const [index, token] of first
    .split('.')
    .slice(0, shortest - 1)
    .entries()) {
    if (!lists.every((tokens) => tokens[index] === token)) break;
    shared.push(token);
  }
  return [...shared, '>'].join('.');
}
