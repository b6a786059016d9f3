import { PRIORITIES, type StoredSessionEvent } from '@oio/contracts';
import { holderAfter } from './board-event.ts';
import { LatestVersions } from './latest-versions.ts';
import { type LimitKey, limitKeys, serverKey } from './limit-book.ts';
import type { SessionRow } from './ports.ts';
import { holderOf, ownDirectory, waitingOf } from './session-row.ts';
import { Slots } from './slots.ts';
import { WarmDirectories } from './warm-directories.ts';
import { type QueueOptions, WaitingQueue } from './waiting-queue.ts';
import type { WaitingSession } from './waiting-session.ts';

export interface BoardOptions {
  readonly queue: QueueOptions;
  /** Something may be possible now that was not before. */
  readonly onChange: () => void;
  /** An event did not say enough: the session should be read. */
  readonly onUnclear: (id: string) => void;
}

/** The points in time before a reading, in the counting of the slots and of the queue. */
export interface Marks {
  readonly slots: number;
  readonly queue: number;
}

/** Consecutive sessions that wait. */
export interface Page {
  /** The last one before them; null: they are the first. */
  readonly after: WaitingSession | null;
  readonly rows: readonly SessionRow[];
  /** The last of them; null: nothing waits behind them. */
  readonly upTo: WaitingSession | null;
}

/** What the database said. */
export interface Reading {
  /** All that occupy something. */
  readonly holders: readonly SessionRow[];
  /** The first that wait. */
  readonly head: Omit<Page, 'after'>;
  /** `Board.marks()` before the database was asked. */
  readonly marks: Marks;
}

/** All that the active scheduler has in memory: who waits and who occupies what. Fed by events and by the database. */
export class Board {
  readonly queue: WaitingQueue;
  readonly slots: Slots;
  readonly warm = new WarmDirectories();
  readonly #latest = new LatestVersions();
  readonly #options: BoardOptions;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.queue = new WaitingQueue(options.queue);
    this.slots = new Slots((resource) => {
      this.queue.release(resource);
      options.onChange();
    });
  }

  applyEvent(event: StoredSessionEvent): void {
    const { sessionId: id, seq } = event;
    if (this.#isStale(id, seq)) return;
    this.#latest.note(id, seq);
    if (event.type === 'session.queued') this.#enqueue(event);
    // The event does not say which server it must go back to.
    else if (event.type === 'session.resume-requested') this.#options.onUnclear(id);
    else this.#follow(event);
    this.#options.onChange();
  }

  /** What the database says of one session. */
  applyRow(row: SessionRow): void {
    if (this.#isStale(row.id, row.version)) return;
    this.#latest.note(row.id, row.version);
    this.slots.set(holderOf(row));
    const waiting = waitingOf(row);
    if (waiting && !this.slots.isReserved(row.id)) this.queue.put(waiting);
    else this.queue.remove(row.id);
    this.#options.onChange();
  }

  /** A dispatch has succeeded: the session works, at this version or a later one. */
  applyDispatched(session: WaitingSession, serverId: string, version: number): void {
    const { id, directory } = session;
    if (this.#isStale(id, version)) return;
    this.#latest.note(id, version);
    this.slots.set({
      id,
      version,
      status: 'working',
      serverId,
      directory,
      keys: limitKeys(session),
      isOpen: true,
    });
  }

  serverHeard(serverId: string): void {
    this.queue.release(serverKey(serverId).resource);
    this.#options.onChange();
  }

  /** Other limits hold from now on. */
  limitsChanged(): void {
    this.queue.releaseAll();
    this.#options.onChange();
  }

  marks(): Marks {
    return { slots: this.slots.mark(), queue: this.queue.mark() };
  }

  /** Brings memory in step with a reading of the database, apart from what was heard since. */
  reconcile({ holders, head, marks }: Reading): void {
    this.#noteWarm(holders, head.rows);
    const isNews = (row: SessionRow): boolean => !this.#isStale(row.id, row.version);
    this.slots.reconcile(holders.filter(isNews).map(holderOf), marks.slots);
    for (const row of holders) if (!isNews(row)) this.#complement(row);
    this.queue.reconcile(this.#waitingOf(head.rows), { upTo: head.upTo, mark: marks.queue });
    this.#latest.age();
    this.#options.onChange();
  }

  /** Takes in what waits in one part of the queue. */
  fill({ after, rows, upTo }: Page): void {
    this.#noteWarm([], rows);
    this.queue.fill(this.#waitingOf(rows), { after, upTo });
    this.#options.onChange();
  }

  /** By a reading of the database these do not wait; `mark` is that of the queue before it. */
  removeGone(ids: readonly string[], mark: number): void {
    for (const id of ids) if (this.queue.removeGone(id, mark)) this.#options.onUnclear(id);
  }

  #waitingOf(rows: readonly SessionRow[]): WaitingSession[] {
    const isNews = (row: SessionRow): boolean => !this.#isStale(row.id, row.version) && !this.slots.isReserved(row.id);
    return rows
      .filter(isNews)
      .map(waitingOf)
      .filter((session) => session !== null);
  }

  /** A former scheduler may have sent them there. */
  #noteWarm(holders: readonly SessionRow[], waiting: readonly SessionRow[]): void {
    for (const row of holders)
      if (row.serverId !== null) this.warm.note({ id: row.id, directory: ownDirectory(row) }, row.serverId);
    for (const { id, serverId } of waiting) if (serverId !== null) this.warm.noteSession(id, serverId);
  }

  /**
   * A row that an event has overtaken still says what the event did not: the server, and the directory, which may be
   * occupied as long as the last run is not shown to be over.
   */
  #complement(row: SessionRow): void {
    const old = holderOf(row);
    const known = this.slots.get(row.id);
    if (known ? known.serverId !== null : old.directory === null) return;
    this.slots.set(
      known
        ? { ...known, serverId: old.serverId, directory: old.directory, keys: old.keys }
        : { ...old, status: 'ended', isOpen: true },
    );
    this.#options.onUnclear(row.id);
  }

  /** Whether something newer was heard of the session. */
  #isStale(id: string, version: number): boolean {
    const known = [this.#latest.of(id), this.queue.versionOf(id), this.slots.get(id)?.version ?? 0];
    return version < Math.max(...known);
  }

  #enqueue({ sessionId: id, tenant, seq: version, at, data }: StoredSessionEvent<'session.queued'>): void {
    const known = this.slots.get(id);
    if (known) this.slots.set({ ...known, version, status: 'ended' });
    // A dispatch is still under way for it: the sweep will find it once that has come to its end.
    if (this.slots.isReserved(id)) return;
    const { model = null, concurrencyKey = null, place } = data;
    this.queue.put({
      id,
      tenant,
      priority: PRIORITIES.indexOf(data.priority),
      waitingSinceMs: Date.parse(at),
      version,
      serverId: null,
      directory: ownDirectory(place),
      project: place.directory,
      model,
      concurrencyKey,
    });
  }

  /** An event that takes the session out of the queue, into a slot or out of it. */
  #follow(event: StoredSessionEvent): void {
    const id = event.sessionId;
    const known = this.slots.get(id);
    const isNew = known === undefined && this.queue.get(id) === undefined && !this.slots.isReserved(id);
    const directory = this.slots.claimOf(id)?.directory ?? this.queue.get(id)?.directory ?? null;
    const holder = holderAfter(event, { known, directory, keys: this.#keysOf(id) });
    if (!holder) return;
    this.queue.remove(id);
    this.slots.set(holder);
    if (isNew && holder.status !== 'ended') this.#options.onUnclear(id);
  }

  /** What the session counts for, apart from its server, which events tell. */
  #keysOf(id: string): readonly LimitKey[] {
    const waiting = this.queue.get(id);
    if (waiting) return limitKeys(waiting);
    const counted = this.slots.claimOf(id)?.counted ?? [];
    if (counted.length > 0) return counted.filter(({ scope }) => scope !== 'server');
    return this.slots.get(id)?.keys ?? [];
  }
}
