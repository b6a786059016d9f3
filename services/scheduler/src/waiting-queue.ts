import { PRIORITIES } from '@oio/contracts';
import { FairOrder } from './fair-order.ts';
import { extended, type Place } from './horizon.ts';
import { KeyedHeap } from './keyed-heap.ts';
import { type Lane, laneKey } from './lane.ts';
import { Lanes } from './lanes.ts';
import { positionOf } from './queue-position.ts';
import { WaitingRows } from './waiting-rows.ts';
import { compareWaiting, type WaitingSession } from './waiting-session.ts';

/** Which part of the database was read. */
interface Part {
  readonly after: Place;
  readonly upTo: Place;
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
  #horizon: Place | undefined;

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
  get horizon(): Place | undefined {
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

  /** Takes over what the database says of the first, up to `upTo` (null: of all). What is not among them is gone, apart from what changed after `mark`. */
  reconcile(head: readonly WaitingSession[], { upTo, mark }: Pick<Part, 'upTo'> & { readonly mark: number }): void {
    this.#extend(null, upTo);
    const known = new Set(head.map(({ id }) => this.#rows.find(id)));
    for (const row of this.#upTo(upTo)) if (this.#rows.change(row) <= mark && !known.has(row)) this.#delete(row);
    this.#takeIn(head);
  }

  /** Takes in what waits in the database behind `after` up to `upTo` (null: to the end). */
  fill(page: readonly WaitingSession[], { after, upTo }: Part): void {
    this.#extend(after, upTo);
    this.#takeIn(page);
  }

  /** So many of those that are here, from a place on that has nothing to do with their order, and the place behind them; 0 after the last. */
  someFrom(place: number, count: number): { readonly ids: string[]; readonly next: number } {
    const rows = this.#rows.usedFrom(place, count);
    return { ids: rows.map((row) => this.#rows.idOf(row)), next: rows.length < count ? 0 : (rows.at(-1) ?? 0) + 1 };
  }

  /** The database says that it does not wait. Returns whether it was removed: not if it changed after `mark`. */
  removeGone(id: string, mark: number): boolean {
    const row = this.#rows.find(id);
    if (row < 0 || this.#rows.change(row) > mark) return false;
    this.#delete(row);
    return true;
  }

  #takeIn(sessions: readonly WaitingSession[]): void {
    for (const session of sessions) if (this.versionOf(session.id) < session.version) this.put(session);
    this.#bound = Math.max(this.#options.capacity, this.size);
  }

  /** The rows up to `last` (null: to the end), in no order. */
  #upTo(last: Place): number[] {
    const isBeforeEnd = (row: number): boolean => !last || this.#compareTo(row, last) <= 0;
    return [...this.#lanes.all()].flatMap(({ rows }) => rows.until(isBeforeEnd));
  }

  /** As `compareWaiting`, without making an object for each of a million rows. */
  #compareTo(row: number, session: WaitingSession): number {
    return this.#laneOf(row).facts.priority - session.priority || this.#rows.compareTo(row, session);
  }

  #extend(after: Place, last: Place): void {
    const isFirst = this.#horizon === undefined;
    this.#horizon = extended(this.#horizon, { after, last });
    // What was heard of before anything was read may stand far behind: it is read when its page comes.
    if (isFirst && this.#horizon) this.#cutBehind(this.#horizon, this.#upTo(null));
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
    const row = this.#rows.add(id, { version, waitingSinceMs, change: this.#change, lane: lane.number });
    lane.rows.add(row);
    if (lane.rows.peek() === row) this.#reorder(lane);
  }

  #delete(row: number): void {
    const lane = this.#laneOf(row);
    const isFirst = lane.rows.peek() === row;
    lane.rows.delete(row);
    this.#rows.delete(row);
    if (isFirst) this.#reorder(lane);
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
    const all = this.#upTo(null);
    const sample = all.filter((_row, index) => index % step === 0).map((row) => this.#session(row));
    sample.sort(compareWaiting);
    const horizon = sample[Math.floor((sample.length * this.#bound) / this.size) - 1];
    if (!horizon) return;
    this.#horizon = horizon;
    this.#cutBehind(horizon, all);
  }

  #cutBehind(last: WaitingSession, rows: readonly number[]): void {
    for (const row of rows) if (this.#compareTo(row, last) > 0) this.#delete(row);
  }
}
