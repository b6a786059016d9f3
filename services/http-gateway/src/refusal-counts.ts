import type { Clock, Logger } from '@oio/runtime';

/** So many refusals of one kind are told one by one in each interval; the others are counted. */
const TOLD_EACH = 20;
const INTERVAL_MS = 10_000;
/** So many kinds are told apart in an interval; all further ones count as one. */
const MOST_KINDS = 500;

/** What makes refusals of one kind. */
export interface RefusalKind {
  readonly route: string | null;
  readonly code: string;
  readonly tenant: string | undefined;
}

const OTHERS: RefusalKind = { route: null, code: 'others', tenant: undefined };

/** How a flood of refused requests is told in a few lines for each kind of them and interval, however many they are. */
export class RefusalCounts {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #kinds = new Map<string, { readonly kind: RefusalKind; count: number }>();
  #sinceMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Counts one more; whether it is to be told by itself. */
  admits(kind: RefusalKind): boolean {
    if (this.#kinds.size === 0) this.#sinceMs = this.#clock.monotonicMs();
    const entry = this.#entry(kind);
    entry.count += 1;
    return entry.count <= TOLD_EACH;
  }

  /** What was not told in the interval, once that is over or `now` it shall be; then the next one begins. */
  leftOut({ now }: { readonly now: boolean }): (RefusalKind & { readonly leftOut: number })[] {
    if (!now && this.#clock.monotonicMs() - this.#sinceMs < INTERVAL_MS) return [];
    const ended = [...this.#kinds.values()];
    this.#kinds = new Map();
    return ended.flatMap(({ kind, count }) => (count > TOLD_EACH ? [{ ...kind, leftOut: count - TOLD_EACH }] : []));
  }

  #entry(kind: RefusalKind): { count: number } {
    const key = JSON.stringify([kind.route, kind.code, kind.tenant]);
    const known = this.#kinds.get(key);
    if (known) return known;
    if (this.#kinds.size >= MOST_KINDS && kind !== OTHERS) return this.#entry(OTHERS);
    const entry = { kind, count: 0 };
    this.#kinds.set(key, entry);
    return entry;
  }
}

/** Logs now and then what was not told by itself, and the rest at the end. */
export function reportRefusals(counts: RefusalCounts, logger: Logger): Disposable {
  const report = (now: boolean): void => {
    for (const kind of counts.leftOut({ now })) logger.warn(kind, 'refused requests left out of the log');
  };
  const timer = setInterval(report, INTERVAL_MS / 10, false).unref();
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      report(true);
    },
  };
}
