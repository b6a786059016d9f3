import { PRIORITIES, type SessionEventType, type StoredSessionEvent } from '@oio/contracts';
import { isWorking } from '@oio/domain';
import { LatestVersions } from './latest-versions.ts';
import { type Blocker, type Limits, place } from './placement.ts';
import type { SessionRow } from './ports.ts';
import { type Holder, Slots } from './slots.ts';
import { type WaitingSession, WaitingQueue } from './waiting-queue.ts';

export interface BoardOptions {
  readonly queueCapacity: number;
  readonly limits: () => Limits;
  /** Something may be possible now that was not before. */
  readonly onChange: () => void;
  /** An event did not say enough: the session should be read. */
  readonly onUnclear: (id: string) => void;
}

export interface Reading {
  readonly holders: readonly SessionRow[];
  readonly waiting: readonly SessionRow[];
  /** Whether `waiting` are all that wait. */
  readonly isWhole: boolean;
  /** `Board.marks()` before the database was asked. */
  readonly marks: { readonly slots: number; readonly queue: number };
}

/** All that the active scheduler has in memory: who waits and who occupies what. Fed by events and by the database. */
export class Board {
  readonly queue: WaitingQueue;
  readonly slots: Slots;
  readonly latest = new LatestVersions();
  readonly #options: BoardOptions;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.queue = new WaitingQueue(options.queueCapacity);
    this.slots = new Slots((resource) => {
      this.queue.release(resource);
      options.onChange();
    });
  }

  /** Why a queued session does not run yet; null when it is only a matter of its turn. undefined: it is not in the head of the queue. */
  why(id: string): Blocker | null | undefined {
    const session = this.queue.get(id);
    if (!session) return undefined;
    const placement = place(session, this.slots, this.#options.limits());
    return placement.kind === 'wait' ? placement.blocker : null;
  }

  applyEvent(event: StoredSessionEvent): void {
    const { sessionId: id, seq } = event;
    if (this.#isStale(id, seq)) return;
    this.latest.note(id, seq);
    if (event.type === 'session.queued') this.#enqueue(event);
    else if (event.type === 'session.resume-requested') this.#options.onUnclear(id);
    else this.#follow(event);
    this.#options.onChange();
  }

  /** What the database says of one session. */
  applyRow(row: SessionRow): void {
    if (this.#isStale(row.id, row.version)) return;
    this.latest.note(row.id, row.version);
    this.slots.set(holderOf(row));
    const waiting = waitingOf(row);
    if (waiting && !this.slots.isReserved(row.id)) this.queue.put(waiting);
    else this.queue.remove(row.id);
    this.#options.onChange();
  }

  /** A dispatch has succeeded: it works, at this version or a later one. */
  applyDispatched({ id, directory }: WaitingSession, serverId: string, version: number): void {
    if (this.#isStale(id, version)) return;
    this.latest.note(id, version);
    this.slots.set({ id, version, status: 'working', serverId, directory, isOpen: true });
  }

  /** A whole reading of the database: who occupies something, and the first who wait. Both since `marks`. */
  reconcile({ holders, waiting, isWhole, marks }: Reading): void {
    const fresh = (row: SessionRow): boolean => !this.#isStale(row.id, row.version);
    this.slots.reconcile(holders.filter(fresh).map(holderOf), marks.slots);
    const page = waiting.filter((row) => fresh(row) && !this.slots.isReserved(row.id)).map(waitingOf);
    this.queue.reconcile(page.filter((session) => session !== null), { isWhole, mark: marks.queue });
    // What is blocked is looked at again, in case that an event told of a release and was lost.
    this.queue.releaseAll();
    this.latest.age();
    this.#options.onChange();
  }

  marks(): Reading['marks'] {
    return { slots: this.slots.mark(), queue: this.queue.mark() };
  }

  /** Whether something newer was heard of the session. */
  #isStale(id: string, version: number): boolean {
    return version < Math.max(this.latest.of(id), this.queue.get(id)?.version ?? 0, this.slots.get(id)?.version ?? 0);
  }

  #enqueue(event: StoredSessionEvent<'session.queued'>): void {
    const { sessionId: id, tenant, seq: version, at, data } = event;
    const known = this.slots.get(id);
    if (known) this.slots.set({ ...known, version, status: 'ended' });
    // A dispatch is still under way for it: the sweep will find it once that has come to its end.
    if (this.slots.isReserved(id)) return;
    const directory = ownDirectory(data.place);
    this.queue.put({ id, tenant, priority: PRIORITIES.indexOf(data.priority), waitingSinceMs: Date.parse(at), version, serverId: null, directory });
  }

  /** An event that takes the session out of the queue, into a slot or out of it. */
  #follow(event: StoredSessionEvent): void {
    const { sessionId: id, seq: version, type } = event;
    const known = this.slots.get(id);
    if (type === 'session.attempt-closed') {
      if (known) this.slots.set({ ...known, version, isOpen: false });
      return;
    }
    const status = statusAfter(event);
    if (!status) return;
    const directory = this.slots.directoryOf(id) ?? this.queue.get(id)?.directory ?? null;
    const isKnown = known !== undefined || this.queue.get(id) !== undefined || this.slots.isReserved(id);
    this.queue.remove(id);
    const serverId = type === 'session.running' ? event.data.serverId : (known?.serverId ?? null);
    this.slots.set({ id, version, status, serverId, directory, isOpen: status === 'working' || (known?.isOpen ?? false) });
    if (status !== 'ended' && !isKnown) this.#options.onUnclear(id);
  }
}

/** What the database says of a session that may occupy something. */
export function holderOf(row: SessionRow): Holder {
  const status = isWorking(row.status) ? 'working' : row.status === 'paused' ? 'paused' : 'ended';
  return { id: row.id, version: row.version, status, serverId: row.serverId, directory: ownDirectory(row), isOpen: row.attemptOpen };
}

/** The place of a session in the queue; null when it does not want a slot. */
export function waitingOf(row: SessionRow): WaitingSession | null {
  const { id, tenant, priority, waitingSinceMs, version } = row;
  if (waitingSinceMs === null) return null;
  const serverId = row.status === 'paused' ? row.serverId : null;
  return { id, tenant, priority, waitingSinceMs, version, serverId, directory: ownDirectory(row) };
}

function ownDirectory({ workspace, directory }: Pick<SessionRow, 'workspace' | 'directory'>): string | null {
  return workspace === 'in_place' ? directory : null;
}

function statusAfter({ type }: StoredSessionEvent): Holder['status'] | null {
  if (type === 'session.running' || type === 'session.degraded') return 'working';
  if (type === 'session.paused') return 'paused';
  return ENDED.has(type) ? 'ended' : null;
}

const ENDED: ReadonlySet<SessionEventType> = new Set([
  'session.completed',
  'session.partially_completed',
  'session.failed',
  'session.timeout',
  'session.stopped',
  'session.cancelled',
  'session.orphaned',
]);

/** The events that change who waits or who occupies what. */
export const BOARD_EVENTS = [
  'session.queued',
  'session.resume-requested',
  'session.running',
  'session.degraded',
  'session.paused',
  'session.attempt-closed',
  ...ENDED,
] as readonly SessionEventType[];
