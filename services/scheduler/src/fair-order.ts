import { KeyedHeap } from './keyed-heap.ts';
import type { Lane } from './lane.ts';

export interface FairOrderOptions {
  /** The order of two lanes by their first sessions. */
  readonly compare: (a: Lane, b: Lane) => number;
  /** The share of a tenant, relative to the others'; above 0. */
  readonly weightOf: (tenant: string) => number;
}

/** The lanes of one tenant that nothing blocks. */
interface Backlog {
  readonly tenant: string;
  readonly lanes: KeyedHeap<Lane>;
  /** When it is served next, in virtual time. */
  start: number;
}

/** Tenants without a backlog are remembered up to this many: what they have had too early is held against them. */
const REMEMBERED = 1_000;

/**
 * The turn of the tenants of one class: start-time fair queueing. Virtual time is that of the tenant served last; each
 * dispatch puts its tenant's next turn off by 1 / weight. Who comes back without a backlog starts now: nobody saves up.
 */
export class FairOrder {
  readonly #options: FairOrderOptions;
  readonly #backlogs = new Map<string, Backlog>();
  readonly #turns: KeyedHeap<Backlog>;
  #now = 0;

  constructor(options: FairOrderOptions) {
    this.#options = options;
    this.#turns = new KeyedHeap({
      keyOf: ({ tenant }) => tenant,
      compare: (a, b) => a.start - b.start || options.compare(first(a), first(b)),
    });
  }

  /** The lane whose first session is next. */
  first(): Lane | undefined {
    return this.#turns.peek()?.lanes.peek();
  }

  /** The lane is open, or its first session has changed. */
  set(lane: Lane): void {
    const { tenant } = lane.facts;
    const backlog = this.#backlogs.get(tenant) ?? this.#begin(tenant);
    if (backlog.lanes.size === 0) backlog.start = Math.max(backlog.start, this.#now);
    backlog.lanes.set(lane);
    this.#turns.set(backlog);
  }

  delete(lane: Lane): void {
    const { tenant } = lane.facts;
    const backlog = this.#backlogs.get(tenant);
    if (!backlog?.lanes.delete(lane.key)) return;
    if (backlog.lanes.size > 0) this.#turns.set(backlog);
    else this.#turns.delete(tenant);
  }

  /** A session of this lane is dispatched. */
  served({ facts: { tenant } }: Lane): void {
    const backlog = this.#backlogs.get(tenant);
    if (!backlog) return;
    // Only by who was next: one that was served out of turn would put everybody off who comes without a backlog.
    if (this.#turns.peek() === backlog) this.#now = Math.max(this.#now, backlog.start);
    backlog.start += 1 / this.#options.weightOf(tenant);
    if (backlog.lanes.size > 0) this.#turns.set(backlog);
  }

  /** When a tenant is served next, in virtual time. */
  startOf(tenant: string): number {
    return Math.max(this.#now, this.#backlogs.get(tenant)?.start ?? this.#now);
  }

  #begin(tenant: string): Backlog {
    if (this.#backlogs.size > this.#turns.size + REMEMBERED) this.#forget();
    const { compare } = this.#options;
    const lanes = new KeyedHeap<Lane>({ keyOf: ({ key }) => key, compare });
    const backlog = { tenant, lanes, start: this.#now };
    this.#backlogs.set(tenant, backlog);
    return backlog;
  }

  #forget(): void {
    for (const [tenant, { lanes, start }] of this.#backlogs)
      if (lanes.size === 0 && start <= this.#now) this.#backlogs.delete(tenant);
  }
}

function first({ lanes }: Backlog): Lane {
  return lanes.peek() as Lane;
}
