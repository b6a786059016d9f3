import { KeyedHeap } from './keyed-heap.ts';

/** A session that wants a slot. */
export interface WaitingSession {
  readonly id: string;
  readonly tenant: string;
  /** Rank: 0 is critical. */
  readonly priority: number;
  readonly waitingSinceMs: number;
  readonly version: number;
  /** The server that it must go back to; null for any. */
  readonly serverId: string | null;
  /** The directory that it needs for itself; null when it has a worktree of its own. */
  readonly directory: string | null;
}

/** Priority class, then who has waited longest, then the id, so that the order is total. The index `sessions_waiting` has the same. */
export function compareWaiting(a: WaitingSession, b: WaitingSession): number {
  return a.priority - b.priority || a.waitingSinceMs - b.waitingSinceMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** Sessions that depend on the same resources, so that what blocks the first blocks them all. */
interface Lane {
  readonly key: string;
  readonly sessions: KeyedHeap<WaitingSession>;
  blockedBy: string | null;
}

/**
 * The head of the queue, bounded: what lies beyond the horizon stays in the database. Sessions that a resource of
 * their own blocks are passed over without being looked at again until that resource is free.
 */
export class WaitingQueue {
  readonly #capacity: number;
  /** How many are kept: the capacity, or more when so many were read because all before them were blocked. */
  #bound: number;
  readonly #entries = new Map<string, { readonly session: WaitingSession; readonly change: number }>();
  readonly #lanes = new Map<string, Lane>();
  readonly #open = new KeyedHeap<Lane>({
    keyOf: ({ key }) => key,
    compare: (a, b) => compareWaiting(first(a), first(b)),
  });
  readonly #blocked = new Map<string, Set<Lane>>();
  #change = 0;
  /** All waiting sessions up to this one are here. null: all there are. undefined: nothing was read yet. */
  #horizon: WaitingSession | null | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bound = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether every waiting session is here. */
  get isComplete(): boolean {
    return this.#horizon === null;
  }

  /** Whether the database should be asked for more, as so few are left. */
  get isLow(): boolean {
    return !this.isComplete && this.size < this.#capacity / 2;
  }

  get(id: string): WaitingSession | undefined {
    return this.#entries.get(id)?.session;
  }

  /** The first that no resource of its own blocks. It stays in the queue. */
  first(): WaitingSession | undefined {
    return this.#open.peek()?.sessions.peek();
  }

  put(session: WaitingSession): void {
    const known = this.get(session.id);
    if (known && known.version > session.version) return;
    this.#change += 1;
    if (known) this.remove(session.id);
    if (this.#horizon && compareWaiting(session, this.#horizon) > 0) return;
    this.#insert(session);
    if (this.size > 2 * this.#bound) this.#trim();
  }

  remove(id: string): void {
    const session = this.get(id);
    const lane = session && this.#lanes.get(laneKey(session));
    if (!lane) return;
    this.#entries.delete(id);
    lane.sessions.delete(id);
    this.#reorder(lane);
  }

  /** Passes over everything that depends on the same as this session, until the resource is released. */
  block(session: WaitingSession, resource: string): void {
    const lane = this.#lanes.get(laneKey(session));
    if (!lane) return;
    lane.blockedBy = resource;
    this.#blocked.set(resource, (this.#blocked.get(resource) ?? new Set()).add(lane));
    this.#reorder(lane);
  }

  release(resource: string): void {
    const lanes = this.#blocked.get(resource) ?? [];
    this.#blocked.delete(resource);
    for (const lane of lanes) {
      lane.blockedBy = null;
      this.#reorder(lane);
    }
  }

  /** The present change number: `reconcile` leaves alone what changed after it. */
  mark(): number {
    return this.#change;
  }

  /** Takes over what the database says: `page` are the first waiting sessions there, all of them if `isWhole`. */
  reconcile(
    page: readonly WaitingSession[],
    { isWhole, mark }: { readonly isWhole: boolean; readonly mark: number },
  ): void {
    const last = isWhole ? null : page.at(-1);
    if (last === undefined) return;
    this.#bound = Math.max(this.#capacity, page.length);
    this.#extendTo(last);
    this.#dropAllBut(new Set(page.map(({ id }) => id)), last, mark);
    for (const session of page) if ((this.get(session.id)?.version ?? 0) < session.version) this.put(session);
  }

  /** Removes what was read and was not there, up to `last`, apart from what has changed since. */
  #dropAllBut(ids: ReadonlySet<string>, last: WaitingSession | null, mark: number): void {
    for (const { session, change } of this.#entries.values()) {
      const wasRead = last === null || compareWaiting(session, last) <= 0;
      if (wasRead && change <= mark && !ids.has(session.id)) this.remove(session.id);
    }
  }

  /** Everything up to this one was read; null: everything. */
  #extendTo(last: WaitingSession | null): void {
    if (this.#horizon === null) return;
    if (!last || !this.#horizon || compareWaiting(last, this.#horizon) > 0) this.#horizon = last;
  }

  #insert(session: WaitingSession): void {
    this.#entries.set(session.id, { session, change: this.#change });
    const key = laneKey(session);
    const lane = this.#lanes.get(key) ?? {
      key,
      sessions: new KeyedHeap<WaitingSession>({ keyOf: ({ id }) => id, compare: compareWaiting }),
      blockedBy: null,
    };
    this.#lanes.set(key, lane);
    lane.sessions.set(session);
    this.#reorder(lane);
  }

  /** The lane's first has changed, or whether it is blocked. */
  #reorder(lane: Lane): void {
    if (lane.sessions.size > 0 && lane.blockedBy === null) this.#open.set(lane);
    else this.#open.delete(lane.key);
    if (lane.sessions.size > 0) return;
    this.#lanes.delete(lane.key);
    if (lane.blockedBy !== null) this.#blocked.get(lane.blockedBy)?.delete(lane);
  }

  #trim(): void {
    const sorted = [...this.#entries.values()].map(({ session }) => session).sort(compareWaiting);
    for (const { id } of sorted.slice(this.#bound)) this.remove(id);
    this.#horizon = sorted[this.#bound - 1];
  }
}

function first(lane: Lane): WaitingSession {
  return lane.sessions.peek() as WaitingSession;
}

function laneKey({ serverId, directory }: WaitingSession): string {
  return serverId === null && directory === null ? '' : JSON.stringify([serverId, directory]);
}
