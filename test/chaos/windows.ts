import type { Part } from './faults/fault.ts';

/** A time, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A time during which something was disturbed. */
export interface Window extends Span {
  readonly fault: string;
  readonly touches: readonly Part[];
}

export interface Patience {
  /** How long it may take while nothing is disturbed. */
  readonly withinMs: number;
  /** How long it may take when a disturbance is over. */
  readonly afterMs: number;
}

/**
 * When that must be done at the latest which was begun at `at`. A disturbance that comes before then, or is not recovered from
 * at `at`, puts it off until its own end and the time to recover, and so does the next one that comes before that.
 */
export function dueBy(at: number, windows: readonly Window[], { withinMs, afterMs }: Patience): number {
  const concerned = windows.filter(({ to }) => to + afterMs >= at).sort((one, other) => one.from - other.from);
  return concerned.reduce((due, { from, to }) => (from <= due ? Math.max(due, to + afterMs) : due), at + withinMs);
}

/** Whether anything but the fault of this name was disturbed at some moment between the two. */
export function isDisturbed(
  windows: readonly Window[],
  { but, from, to }: { readonly but: string; readonly from: number; readonly to: number },
): boolean {
  return windows.some((window) => window.fault !== but && window.from <= to && window.to >= from);
}

/** What is left of a time without those in which something was disturbed. */
export function undisturbed({ from, to }: Span, windows: readonly Span[]): readonly Span[] {
  const sorted = windows.toSorted((one, other) => one.from - other.from);
  const spans: Span[] = [];
  let since = from;
  for (const window of sorted) {
    if (window.from > since) spans.push({ from: since, to: Math.min(window.from, to) });
    since = Math.max(since, window.to);
    if (since >= to) return spans;
  }
  return [...spans, { from: since, to }];
}
