/** How long an answer is known, in milliseconds, and how many are. */
const KNOWN_MS = 1_000;
const KNOWN = 1_000;

/**
 * Remembers what was found out about a path for a second: for what lies above the directories that sessions work in, which
 * many of them share and which changes rarely, if ever.
 */
export function knownForASecond<T>(look: (path: string) => T): (path: string) => T {
  const known = new Map<string, { readonly answer: T; readonly untilMs: number }>();
  return (path) => {
    const nowMs = performance.now();
    const found = known.get(path);
    if (found && found.untilMs > nowMs) return found.answer;
    if (known.size >= KNOWN) known.clear();
    const answer = look(path);
    known.set(path, { answer, untilMs: nowMs + KNOWN_MS });
    return answer;
  };
}
