import { PRIORITIES } from '@oio/contracts';
import { FairOrder } from './fair-order.ts';
import { KeyedHeap } from './keyed-heap.ts';
import { type Lane, type LaneFacts, laneKey } from './lane.ts';
import { Lanes } from './lanes.ts';
import { positionOf } from './queue-position.ts';
import { WaitingRows } from './waiting-rows.ts';

/** A session that wants a slot. */
export interface WaitingSession extends LaneFacts {
  readonly id: string;
  readonly waitingSinceMs: number;
  readonly version: number;
}

/** A place in the order of the database; null: its start, or its end. */
type Place = WaitingSession | null;

/** Which part of the database was read, and the change number before that. */
interface Reading {
  readonly after: Place;
  readonly upTo: Place;
  readonly mark: number;
}

export interface QueueOptions {
  /** How many are kept; more when all of so many are blocked. The rest stays in the database. */
  readonly capacity: number;
  /** Who has waited for longer is overdue. */
  readonly maxWaitMs: number;
  /** Now, in milliseconds since the epoch, by the clock that `waitingSinceMs` is told by. */
  readonly nowMs: () => number;
  /** The share of a tenant, relative to the others'; above 0. */
  readonly weightOf: (tenant: string) => number;
}

/** Of so many dispatches in a row at least one goes to the session that is overdue longest, if there is room for one. */
const OVERDUE_TURN = 4;
/** A larger queue is cut by a sample of about this many. */
const SAMPLE = 20_000;

/** Priority class, then who has waited longest, then the id, so that the order is total. The index `sessions_waiting` has the same. */
export function compareWaiting(a: WaitingSession, b: WaitingSession): number {
  return a.priority - b.priority || a.waitingSinceMs - b.waitingSinceMs || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/**
 * Who waits, and who is next: the highest class, in it the tenant whose turn it is, of that one who has waited longest;
 * but one in four goes to who is overdue longest, whatever its class. Sessions that a resource of their own blocks are
 * passed over without being looked at again until that resource is free.
 */
export class WaitingQueue {
  readonly #options: QueueOptions;
  readonly #rows = new WaitingRows();
  readonly #lanes = new Lanes(this.#rows);
  readonly #classes: readonly FairOrder[];
  /** The open lanes of all classes by who has waited longest. */
  readonly #oldest: KeyedHeap<Lane>;
  readonly #blocked = new Map<string, Set<Lane>>();
  /** Dispatches since one was overdue longest. */
  #sinceOverdue = 0;
  #change = 0;
  #bound: number;
  /** All waiting sessions up to this one are here. null: all there are. undefined: nothing was read yet. */
  #horizon: WaitingSession | null | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#bound = options.capacity;
    const compare = (a: Lane, b: Lane): number => this.#rows.compare(a.rows.peek(), b.rows.peek());
    this.#classes = PRIORITIES.map(() => new FairOrder({ compare, weightOf: options.weightOf }));
    this.#oldest = new KeyedHeap({ keyOf: ({ key }) => key, compare });
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The last up to which all are here; null when all there are, undefined when nothing was read yet. */
  get horizon(): WaitingSession | null | undefined {
    return this.#horizon;
  }

  /** Whether every waiting session is here. */
  get isComplete(): boolean {
    return this.#horizon === null;
  }

  /** Whether the database should be asked for more, as so few are left. */
  get isLow(): boolean {
    return !this.isComplete && this.size < this.#options.capacity / 2;
  }

  get(id: string): WaitingSession | undefined {
    const row = this.#rows.find(id);
    return row < 0 ? undefined : this.#session(row);
  }

  /** 0 when it is not here. */
  versionOf(id: string): number {
    const row = this.#rows.find(id);
    return row < 0 ? 0 : this.#rows.version(row);
  }

  /** The next that no resource of its own blocks. It stays in the queue. */
  first(): WaitingSession | undefined {
    const lane = this.#overdue() ?? this.#nextOfClass();
    return lane && this.#session(lane.rows.peek());
  }

  /** How many would run before it, itself included, if every one of those here could and nobody were overdue. */
  positionOf(session: WaitingSession): number {
    return positionOf(session, {
      lanes: [...this.#lanes.all()],
      startOf: (tenant) => this.#classes[session.priority]?.startOf(tenant) ?? 0,
      weightOf: this.#options.weightOf,
      isBefore: (row) => this.#compareTo(row, session) < 0,
    });
  }

  put(session: WaitingSession): void {
    const known = this.#rows.find(session.id);
    if (known >= 0 && this.#rows.version(known) > session.version) return;
    this.#change += 1;
    if (known >= 0) this.#delete(known);
    if (this.#horizon && compareWaiting(session, this.#horizon) > 0) return;
    this.#insert(session);
    if (this.size > 1.25 * this.#bound) this.#trim();
  }

  remove(id: string): void {
    const row = this.#rows.find(id);
    if (row >= 0) this.#delete(row);
  }

  /** It leaves the queue because it runs now, which counts as a turn of its tenant. */
  dispatched(id: string): void {
    const row = this.#rows.find(id);
    if (row < 0) return;
    const lane = this.#laneOf(row);
    const isOverdue = this.#oldest.peek() === lane && this.#isOverdue(row);
    this.#sinceOverdue = isOverdue ? 0 : this.#sinceOverdue + 1;
    this.#classes[lane.facts.priority]?.served(lane);
    this.#delete(row);
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

  /** Everything may be otherwise now. */
  releaseAll(): void {
    for (const resource of this.#blocked.keys()) this.release(resource);
  }

  /** The present change number: `reconcile` leaves alone what changed after it. */
  mark(): number {
    return this.#change;
  }

  /** Takes over what the database says: `page` is what waits there after `after` (null: from the start) up to `upTo` (null: to the end). */
  reconcile(page: readonly WaitingSession[], { after, upTo, mark }: Reading): void {
    // Behind the horizon there is nothing that could be gone.
    const mayBeGone = !(after && this.#horizon && compareWaiting(after, this.#horizon) === 0);
    this.#extend(after, upTo);
    if (mayBeGone) this.#deleteMissing(page, { after, upTo, mark });
    for (const session of page) if (this.versionOf(session.id) < session.version) this.put(session);
    this.#bound = Math.max(this.#options.capacity, this.size);
  }

  /** Removes what is not on the page although it would be there, apart from what changed since. */
  #deleteMissing(page: readonly WaitingSession[], { after, upTo, mark }: Reading): void {
    const known = new Set(page.map(({ id }) => this.#rows.find(id)));
    for (const row of this.#between(after, upTo))
      if (this.#rows.change(row) <= mark && !known.has(row)) this.#delete(row);
  }

  /** The rows after `after` (null: from the start) up to `last` (null: to the end), in no order. */
  #between(after: Place, last: Place): number[] {
    const isBehindStart = (row: number): boolean => !after || this.#compareTo(row, after) > 0;
    const isBeforeEnd = (row: number): boolean => !last || this.#compareTo(row, last) <= 0;
    const lanes = [...this.#lanes.all()].filter(({ facts }) => !after || facts.priority >= after.priority);
    return lanes.flatMap(({ rows }) => rows.until(isBeforeEnd).filter(isBehindStart));
  }

  /** As `compareWaiting`, without making an object for each of a million rows. */
  #compareTo(row: number, session: WaitingSession): number {
    const difference =
      this.#laneOf(row).facts.priority - session.priority || this.#rows.since(row) - session.waitingSinceMs;
    if (difference !== 0) return difference;
    const id = this.#rows.idOf(row);
    return id < session.id ? -1 : Number(id > session.id);
  }

  /** Everything after `after` up to this one was read; null: to the end. */
  #extend(after: Place, last: Place): void {
    if (this.#horizon === null) return;
    if (this.#horizon === undefined) return this.#beginAt(after, last);
    if (after && compareWaiting(after, this.#horizon) > 0) return;
    if (!last || compareWaiting(last, this.#horizon) > 0) this.#horizon = last;
  }

  /** What was heard of before anything was read may stand far behind: it is read when its page comes. */
  #beginAt(after: Place, last: Place): void {
    if (after) return;
    this.#horizon = last;
    if (last) for (const row of this.#between(last, null)) this.#delete(row);
  }

  /** The lane of the one that is overdue longest, when it is its turn. */
  #overdue(): Lane | undefined {
    if (this.#sinceOverdue < OVERDUE_TURN - 1) return undefined;
    const lane = this.#oldest.peek();
    return lane && this.#isOverdue(lane.rows.peek()) ? lane : undefined;
  }

  #isOverdue(row: number): boolean {
    const { maxWaitMs, nowMs } = this.#options;
    return this.#rows.since(row) + maxWaitMs <= nowMs();
  }

  #nextOfClass(): Lane | undefined {
    for (const order of this.#classes) {
      const lane = order.first();
      if (lane) return lane;
    }
    return undefined;
  }

  #session(row: number): WaitingSession {
    const rows = this.#rows;
    const own = { id: rows.idOf(row), waitingSinceMs: rows.since(row), version: rows.version(row) };
    return { ...this.#laneOf(row).facts, ...own };
  }

  #laneOf(row: number): Lane {
    return this.#lanes.at(this.#rows.lane(row));
  }

  #insert(session: WaitingSession): void {
    const { id, version, waitingSinceMs } = session;
    const lane = this.#lanes.of(session);
    lane.rows.add(this.#rows.add(id, { version, waitingSinceMs, change: this.#change, lane: lane.number }));
    this.#reorder(lane);
  }

  #delete(row: number): void {
    const lane = this.#laneOf(row);
    lane.rows.delete(row);
    this.#rows.delete(row);
    this.#reorder(lane);
  }

  /** The lane's first has changed, or whether it is blocked. */
  #reorder(lane: Lane): void {
    const order = this.#classes[lane.facts.priority];
    if (lane.rows.size > 0 && lane.blockedBy === null) {
      order?.set(lane);
      this.#oldest.set(lane);
      return;
    }
    order?.delete(lane);
    this.#oldest.delete(lane.key);
    if (lane.rows.size === 0) this.#close(lane);
  }

  #close(lane: Lane): void {
    this.#lanes.close(lane);
    const blocked = this.#blocked.get(lane.blockedBy ?? '');
    blocked?.delete(lane);
    if (blocked?.size === 0) this.#blocked.delete(lane.blockedBy ?? '');
  }

  /** Keeps the first `#bound`, found by a sample when there are many: sorting a million takes a second. */
  #trim(): void {
    const step = Math.ceil(this.size / SAMPLE);
    const all = this.#between(null, null);
    const sample = all.filter((_row, index) => index % step === 0).map((row) => this.#session(row));
    sample.sort(compareWaiting);
    const horizon = sample[Math.floor((sample.length * this.#bound) / this.size) - 1];
    if (!horizon) return;
    this.#horizon = horizon;
    for (const row of all) if (this.#compareTo(row, horizon) > 0) this.#delete(row);
  }
}
