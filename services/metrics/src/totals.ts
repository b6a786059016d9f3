import {
  type CounterName,
  type HistogramName,
  type LabelsOf,
  type TotalDefinition,
  type TotalName,
  TOTALS,
} from './total-definitions.ts';

/** The values of a histogram so far. */
export interface Distribution {
  /** How many there were up to each bound and above the one before it. */
  readonly buckets: number[];
  count: number;
  sum: number;
}

/** Totals as they are stored: of each name the values by labels, in the order in which they came up. */
export type StoredTotals = Readonly<Partial<Record<TotalName, Readonly<Record<string, number | Distribution>>>>>;

const NAMES = Object.keys(TOTALS) as TotalName[];

/**
 * What has been counted so far: plain data, which depends on nothing but the history up to a place, so that it can be stored
 * and gone on with. Labels are kept as the JSON of their values. What cannot be counted is refused with a `TypeError`.
 */
export class Totals {
  readonly #counters = new Map<TotalName, Map<string, number>>();
  readonly #distributions = new Map<TotalName, Map<string, Distribution>>();

  add<N extends CounterName>(name: N, labels: LabelsOf<N>, by = 1): void {
    assertCountable(name, by);
    const values = this.#countersOf(name);
    const key = keyOf(name, labels);
    values.set(key, (values.get(key) ?? 0) + by);
  }

  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void {
    assertCountable(name, value);
    const all = this.#distributions.get(name) ?? new Map<string, Distribution>();
    this.#distributions.set(name, all);
    const key = keyOf(name, labels);
    const { buckets: bounds } = TOTALS[name];
    const own = all.get(key) ?? { buckets: bounds.map(() => 0), count: 0, sum: 0 };
    all.set(key, own);
    const place = bounds.findIndex((bound) => value <= bound);
    if (place >= 0) own.buckets[place] = (own.buckets[place] ?? 0) + 1;
    own.count += 1;
    own.sum += value;
  }

  /** The labels themselves while there are fewer than so many combinations, or when they are one of these; null beyond. */
  withinBound<N extends CounterName>(name: N, labels: LabelsOf<N>, most: number): LabelsOf<N> | null {
    const values = this.#countersOf(name);
    return values.size < most || values.has(keyOf(name, labels)) ? labels : null;
  }

  /** The values of a counter, with the values of its labels. */
  counter(name: TotalName): Iterable<readonly [labels: readonly string[], value: number]> {
    return entriesOf(this.#counters.get(name));
  }

  /** The same of a histogram. */
  histogram(name: TotalName): Iterable<readonly [labels: readonly string[], value: Distribution]> {
    return entriesOf(this.#distributions.get(name));
  }

  toJSON(): StoredTotals {
    return Object.fromEntries(
      NAMES.map((name) => [name, Object.fromEntries(this.#counters.get(name) ?? this.#distributions.get(name) ?? [])]),
    );
  }

  /** Takes these in place of what was counted here. */
  restore(stored: StoredTotals): void {
    this.#counters.clear();
    this.#distributions.clear();
    for (const name of NAMES) {
      const values = Object.entries(stored[name] ?? {});
      if (isHistogram(name)) this.#distributions.set(name, new Map(values as [string, Distribution][]));
      else this.#counters.set(name, new Map(values as [string, number][]));
    }
  }

  #countersOf(name: CounterName): Map<string, number> {
    const values = this.#counters.get(name) ?? new Map<string, number>();
    this.#counters.set(name, values);
    return values;
  }
}

/** What is stored may not be what the contract says, and one that is no number would make the whole total none. */
function assertCountable(name: TotalName, value: number): void {
  if (!Number.isFinite(value) || value < 0) throw new TypeError(`${String(value)} cannot be counted in ${name}.`);
}

function isHistogram(name: TotalName): boolean {
  return 'buckets' in TOTALS[name];
}

function keyOf<N extends TotalName>(name: N, labels: LabelsOf<N>): string {
  const { labels: names }: TotalDefinition = TOTALS[name];
  const values = names.map((label) => (labels as Readonly<Record<string, unknown>>)[label]);
  if (!values.every((value) => typeof value === 'string')) throw new TypeError(`A label of ${name} is no text.`);
  return JSON.stringify(values);
}

function* entriesOf<T>(values: ReadonlyMap<string, T> = new Map()): Generator<readonly [readonly string[], T]> {
  for (const [key, value] of values) yield [JSON.parse(key) as string[], value];
}
