const DAY_MS = 86_400_000;

/** More than there are zones: their names may be written in large and small letters, and so in any number of ways. */
const MOST_FORMATS = 1_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock on a wall of the zone shows at an instant, as if it were UTC. In milliseconds, as everything here. */
export function wallTime(timeZone: string, instantMs: number): number {
  const at = new Map(
    formatOf(timeZone)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const [year = 0, month = 0, ...rest] = FIELDS.map((field) => at.get(field) ?? 0);
  return Date.UTC(year, month - 1, ...rest) + (instantMs % 1_000);
}

/** The first instant at which that clock has reached a time: of one that it shows twice the first, of one that it leaves out the next. */
export function instantOf(timeZone: string, wallMs: number): number {
  const offsets = [wallMs - DAY_MS, wallMs + DAY_MS].map((ms) => wallTime(timeZone, ms) - ms);
  const isReached = (ms: number): boolean => wallTime(timeZone, ms) >= wallMs;
  let before = wallMs - Math.max(...offsets);
  if (isReached(before)) return before;
  let reached = wallMs - Math.min(...offsets);
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (isReached(middle)) reached = middle;
    else before = middle;
  }
  return reached;
}

const FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

/** Making one takes longer than anything that is done with it. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const numeric = Object.fromEntries(FIELDS.map((field) => [field, 'numeric']));
  const made = new Intl.DateTimeFormat('en', { timeZone, hourCycle: 'h23', era: undefined, ...numeric });
  if (formats.size >= MOST_FORMATS) formats.clear();
  formats.set(timeZone, made);
  return made;
}
