/** Never negative, also when a clock was set back. */
export function elapsedMs(from: string | null, to: string): number {
  return from ? Math.max(0, Date.parse(to) - Date.parse(from)) : 0;
}

/** The instant so many milliseconds after another one. */
export function later(instant: string, ms: number): string {
  return new Date(Date.parse(instant) + ms).toISOString();
}
