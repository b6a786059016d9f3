import { isTerminal, type SessionSnapshot } from '@oio/domain';
import { NotFoundError } from '@oio/errors';
import { notOwner, type OwnerDirectory } from '@oio/ownership';
import type { Clock } from '@oio/runtime';
import { LiveSession } from './live-session.ts';
import type { SessionStore } from './ports.ts';
import type { Worker } from './worker.ts';

/** How long an actor that nobody needs stays in memory, in milliseconds. */
const IDLE_MS = 60_000;
const IDLE_ENDED_MS = 5_000;

export interface LiveSessionsParts {
  readonly store: SessionStore;
  readonly directory: OwnerDirectory;
  readonly worker: Worker;
  readonly clock: Clock;
}

/** The sessions that this worker has in memory, claimed from the store as they are asked for. */
export class LiveSessions {
  readonly #parts: LiveSessionsParts;
  readonly #live = new Map<string, Promise<LiveSession>>();

  constructor(parts: LiveSessionsParts) {
    this.#parts = parts;
  }

  /** The session, claimed if need be. Throws `NotFoundError`, or `not_owner` when a living worker has it. */
  async get(sessionId: string): Promise<LiveSession> {
    const loading = this.#live.get(sessionId) ?? this.#load(sessionId);
    const session = await loading;
    session.lastUsedMs = this.#parts.clock.monotonicMs();
    return session;
  }

  /** Takes in a session that was just made. */
  add(snapshot: SessionSnapshot, epoch: number): LiveSession {
    const session = new LiveSession(snapshot, epoch);
    session.lastUsedMs = this.#parts.clock.monotonicMs();
    this.#live.set(snapshot.id, Promise.resolve(session));
    return session;
  }

  /** Forgets the actor, because somebody else owns the session or nobody knows what was committed. The next command loads it anew. */
  drop(sessionId: string): void {
    this.#live.delete(sessionId);
  }

  /** Everything that is loaded now. */
  async all(): Promise<readonly LiveSession[]> {
    const settled = await Promise.allSettled(this.#live.values());
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Lets go of the actors that have been idle for long; what they know is in the store. */
  async passivate(): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    const idle = (await this.all()).filter(
      (session) => session.idle && nowMs - session.lastUsedMs > idleLimitMs(session.snapshot),
    );
    for (const { snapshot } of idle) this.#live.delete(snapshot.id);
    await this.#parts.directory.release(
      idle.map(({ snapshot }) => snapshot.id),
      this.#parts.worker.incarnation,
    );
  }

  #load(sessionId: string): Promise<LiveSession> {
    const loading = this.#claim(sessionId);
    this.#live.set(sessionId, loading);
    loading.catch(() => this.#live.delete(sessionId));
    return loading;
  }

  async #claim(sessionId: string): Promise<LiveSession> {
    const { store, directory, worker } = this.#parts;
    const holder = await directory.claim(sessionId, worker.incarnation).catch(() => worker.incarnation);
    if (holder !== worker.incarnation) throw notOwner(sessionId, holder);
    const claimed = await store.claim(sessionId, worker.incarnation);
    if (claimed) return new LiveSession(claimed.snapshot, claimed.epoch);
    const row = await store.ownership(sessionId);
    await directory.release([sessionId], worker.incarnation);
    if (!row) throw new NotFoundError(`There is no session ${sessionId}.`, { code: 'session_not_found' });
    throw notOwner(sessionId, row.owner);
  }
}

function idleLimitMs(snapshot: SessionSnapshot): number {
  return isTerminal(snapshot.status) ? IDLE_ENDED_MS : IDLE_MS;
}
