import type { StoredSessionEvent } from '@oio/contracts';
import { type SessionSnapshot, sessionMachine, type TakenOver } from '@oio/domain';
import { UnavailableError } from '@oio/errors';
import { createActor } from 'xstate';

/** Commands that may wait for one session; more are refused, so that one client cannot fill the memory. */
const MAILBOX = 1_000;

/** A session in the memory of its owner: the XState actor, its epoch, and a mailbox that handles one command at a time. */
export class LiveSession {
  readonly epoch: number;
  readonly #actor;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #retired = false;
  #takenOver: TakenOver | null;
  lastUsedMs = 0;

  constructor(snapshot: SessionSnapshot, epoch: number, takenOver: TakenOver | null) {
    this.epoch = epoch;
    this.#takenOver = takenOver;
    const state = sessionMachine.resolveState({ value: snapshot.status, context: snapshot });
    this.#actor = createActor(sessionMachine, { snapshot: state, input: snapshot }).start();
  }

  get snapshot(): SessionSnapshot {
    return this.#actor.getSnapshot().context;
  }

  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Whether what it knows may be out of date, so that nothing may be decided by it any more. */
  get retired(): boolean {
    return this.#retired;
  }

  /** Set when it was claimed, and its history does not show that yet. */
  get takenOver(): TakenOver | null {
    return this.#takenOver;
  }

  retire(): void {
    this.#retired = true;
  }

  /** Takes in what has been committed; nothing else may change the actor. */
  apply(events: readonly StoredSessionEvent[]): void {
    if (events.length > 0) this.#takenOver = null;
    for (const event of events) {
      this.#actor.send(event);
      if (this.snapshot.version !== event.seq)
        throw new Error(`The session's machine does not know ${event.type} here.`);
    }
  }

  /** Runs `task` after everything that came before it. Throws `UnavailableError` code `mailbox_full`. */
  async inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAILBOX) {
      throw new UnavailableError('Too many commands wait for this session; try again later.', {
        code: 'mailbox_full',
        retryAfterMs: 1_000,
      });
    }
    this.#waiting += 1;
    const turn = this.#tail.then(task);
    this.#tail = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
