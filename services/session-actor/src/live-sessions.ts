import { isTerminal, isWorking, type SessionSnapshot, unreadableSession } from '@oio/domain';
import { AppError, NotFoundError } from '@oio/errors';
import { notOwner, type OwnerDirectory } from '@oio/ownership';
import { batched, type Clock, type Logger } from '@oio/runtime';
import { LiveSession } from './live-session.ts';
import type { ClaimedSession, SessionStore, Strayed, WorkerLeases } from './ports.ts';
import type { Worker } from './worker.ts';

/** How long an actor that nobody needs stays in memory, in milliseconds. */
const IDLE_MS = 60_000;
const IDLE_ENDED_MS = 5_000;

export interface LiveSessionsParts {
  readonly store: SessionStore;
  readonly leases: Pick<WorkerLeases, 'lives'>;
  readonly directory: OwnerDirectory;
  readonly worker: Pick<Worker, 'incarnation'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The sessions that this worker has in memory, claimed from the store as they are asked for. */
export class LiveSessions {
  readonly #parts: LiveSessionsParts;
  readonly #live = new Map<string, LiveSession>();
  readonly #loading = new Map<string, Promise<LiveSession>>();
  /** What is stored of them could not be read. It is looked at before they are claimed once more. */
  readonly #unreadable = new Set<string>();
  /** Questions under way whether a worker lives: all that come for its sessions ask the same. */
  readonly #askedAbout = new Map<string, Promise<boolean>>();
  /** Takes over many sessions, those of a worker that has died, in few statements. */
  readonly #take: (sessionId: string) => Promise<ClaimedSession | null>;
  /** Counts the lives of the worker's lease. */
  #life = 0;

  constructor(parts: LiveSessionsParts) {
    this.#parts = parts;
    const { store, worker } = parts;
    this.#take = batched((sessionIds) => store.claim(sessionIds, worker.incarnation));
  }

  /** The session, claimed if need be. Throws `NotFoundError`, `unreadable_session`, or `not_owner` when a living worker has it. */
  async get(sessionId: string): Promise<LiveSession> {
    const session = this.#live.get(sessionId);
    // Before the first await: from now on it is not idle, so that it is not passivated under the caller's hands.
    if (session) session.lastUsedMs = this.#parts.clock.monotonicMs();
    return session ?? this.#loading.get(sessionId) ?? this.#load(sessionId);
  }

  /** Takes in a session that was just made. */
  add(snapshot: SessionSnapshot, epoch: number): void {
    // Somebody may have been quicker: then the session has been claimed already, under a newer epoch.
    if (this.#live.has(snapshot.id) || this.#loading.has(snapshot.id)) return;
    this.#keep(new LiveSession(snapshot, epoch, null));
    this.#enter(snapshot.id);
  }

  /** Forgets the actor, because what it knows is out of date. The next command, or `reclaim`, claims the session anew. */
  drop(session: LiveSession): void {
    const { id } = session.snapshot;
    session.retire();
    if (this.#live.get(id) === session) this.#live.delete(id);
  }

  /** Forgets everything, because the lease was lost for a while: others may own it by now. */
  dropAll(): void {
    this.#life += 1;
    for (const session of this.#live.values()) this.drop(session);
  }

  /** The snapshots of all that is loaded now. */
  snapshots(): readonly SessionSnapshot[] {
    return Array.from(this.#live.values(), ({ snapshot }) => snapshot);
  }

  /** The session if it is loaded, without claiming it. */
  loaded(sessionId: string): LiveSession | null {
    return this.#live.get(sessionId) ?? null;
  }

  /** Lets go of the actors that have been idle for long; what they know is in the store. One at work is kept. */
  passivate(): void {
    const { clock, directory, worker, logger } = this.#parts;
    const idle = Array.from(this.#live.values()).filter((session) => isIdle(session, clock.monotonicMs()));
    if (idle.length === 0) return;
    for (const session of idle) this.drop(session);
    directory
      .release(
        idle.map(({ snapshot }) => snapshot.id),
        worker.incarnation,
      )
      .catch((error: unknown) => logger.warn({ err: error }, 'sessions not released in the owner directory'));
  }

  /**
   * Claims the working sessions that the store says are this worker's and that are not in memory under that epoch: those that
   * were dropped, and those whose claim was committed while its answer was lost, or came late. Their owner lives, so that nobody
   * else would ever attend to them. Forgets those that others own by now.
   */
  async reclaim(): Promise<void> {
    const { store, worker } = this.#parts;
    const held = Array.from(this.#live.values(), ({ snapshot, epoch }) => ({ id: snapshot.id, epoch }));
    const strayed = await store.strayed(worker.incarnation, held);
    await Promise.all(strayed.map((found) => this.#reclaim(found)));
  }

  async #reclaim({ id, epoch, isOurs }: Strayed): Promise<void> {
    const session = this.#live.get(id);
    // Claimed since it was looked for.
    if (session && session.epoch >= epoch) return;
    if (session) this.drop(session);
    if (!isOurs) return;
    try {
      await (this.#loading.get(id) ?? this.#load(id, { isOurs: true }));
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
    }
  }

  /** Tells the directory of an ownership that the store has granted. */
  #enter(sessionId: string): void {
    const { directory, worker, logger } = this.#parts;
    directory
      .claim(sessionId, worker.incarnation)
      .catch((error: unknown) => logger.debug({ err: error }, 'owner directory not told'));
  }

  #load(sessionId: string, known = { isOurs: false }): Promise<LiveSession> {
    const loading = this.#claim(sessionId, known)
      .then((session) => this.#keep(session))
      .finally(() => this.#loading.delete(sessionId));
    this.#loading.set(sessionId, loading);
    return loading;
  }

  #keep(session: LiveSession): LiveSession {
    session.lastUsedMs = this.#parts.clock.monotonicMs();
    this.#live.set(session.snapshot.id, session);
    return session;
  }

  /** The directory, which may be behind or out of reach, is not asked about one that the store says is ours. */
  async #claim(sessionId: string, { isOurs }: { readonly isOurs: boolean }): Promise<LiveSession> {
    const { directory, worker } = this.#parts;
    const holder = isOurs ? null : await directory.claim(sessionId, worker.incarnation).catch(() => null);
    const isTaken = holder !== null && holder !== worker.incarnation && (await this.#lives(holder));
    if (isTaken) throw notOwner(sessionId, holder);
    await this.#assertReadable(sessionId);
    for (;;) {
      const life = this.#life;
      const claimed = await this.#take(sessionId);
      if (!claimed) throw await this.#refusal(sessionId);
      if (life !== this.#life) continue;
      if (!claimed.snapshot) throw await this.#givenBack(sessionId, claimed);
      if (holder !== worker.incarnation) this.#enter(sessionId);
      return new LiveSession(claimed.snapshot, claimed.epoch, { unownedMs: claimed.unownedMs });
    }
  }

  async #assertReadable(sessionId: string): Promise<void> {
    if (!this.#unreadable.has(sessionId)) return;
    if (!(await this.#parts.store.session(sessionId))) throw unreadableSession(sessionId);
    this.#unreadable.delete(sessionId);
  }

  /** A worker of a newer version may be able to read it. */
  async #givenBack(sessionId: string, { epoch }: ClaimedSession): Promise<AppError> {
    const { store, directory, worker, logger } = this.#parts;
    this.#unreadable.add(sessionId);
    logger.error({ sessionId }, 'the snapshot of a session cannot be read: it is left alone');
    await store.release(sessionId, epoch);
    await directory.release([sessionId], worker.incarnation).catch(() => {});
    return unreadableSession(sessionId);
  }

  /** What the directory says may be old: a command that comes here may have found nobody at the holder's address. */
  async #lives(holder: string): Promise<boolean> {
    const { leases, directory } = this.#parts;
    const asked = this.#askedAbout.get(holder) ?? leases.lives(holder).finally(() => this.#askedAbout.delete(holder));
    this.#askedAbout.set(holder, asked);
    const lives = await asked;
    if (!lives) await directory.withdraw(holder).catch(() => {});
    return lives;
  }

  async #refusal(sessionId: string): Promise<AppError> {
    const { store, directory, worker } = this.#parts;
    await directory.release([sessionId], worker.incarnation).catch(() => {});
    const row = await store.ownership(sessionId);
    return row ? notOwner(sessionId, row.owner) : noSuchSession(sessionId);
  }
}

/** Whoever may not see a session is told the same as if there were none. */
export function noSuchSession(sessionId: string): NotFoundError {
  return new NotFoundError(`There is no session ${sessionId}.`, { code: 'session_not_found' });
}

function isIdle({ idle, lastUsedMs, snapshot }: LiveSession, nowMs: number): boolean {
  if (!idle || isWorking(snapshot.status)) return false;
  return nowMs - lastUsedMs > (isTerminal(snapshot.status) ? IDLE_ENDED_MS : IDLE_MS);
}
