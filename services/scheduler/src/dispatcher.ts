import { isWorking } from '@oio/domain';
import { AppError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import { type Clock, type Logger, newId } from '@oio/runtime';
import { setTimeout as rest } from 'node:timers/promises';
import type { Backoff } from './backoff.ts';
import type { Board } from './board.ts';
import type { Scheduling } from './scheduling.ts';
import type { WaitingSession } from './waiting-session.ts';

/** Dispatches under way at most. */
const IN_FLIGHT = 64;
/** The first and the longest pause before a dispatch whose outcome is unknown is repeated. */
const REPEAT = { firstMs: 50, longestMs: 1_000 } as const;
const STOP_WITHIN_MS = 2_000;

export interface DispatcherParts {
  readonly board: Board;
  readonly router: SessionRouter;
  /** The epoch that the dispatches carry. */
  readonly epoch: number;
  /** Whether this scheduler is still the active one. */
  readonly isActive: () => boolean;
  readonly scheduling: Scheduling;
  readonly clock: Clock;
  /** Sessions whose dispatch was refused, kept away for a moment. */
  readonly refused: Backoff;
  /** Few are left in the head of the queue, and more wait in the database. */
  readonly onLow: () => void;
  readonly logger: Logger;
  /** Waits before a dispatch is repeated; ends early when the signal is given. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The pause that the clock on the wall makes. */
export function realPause(ms: number, signal: AbortSignal): Promise<void> {
  return rest(ms, undefined, { signal }).catch(() => {});
}

/** Sends waiting sessions to servers, as many as the limits allow, in the order of the queue. */
export class Dispatcher implements AsyncDisposable {
  readonly #parts: DispatcherParts;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #isOpen = false;
  #isScheduled = false;
  /** When a rate of starts lets the next one through. */
  #later: NodeJS.Timeout | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Memory agrees with the database: from here on sessions are dispatched. */
  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  /** Something may be possible now. Looks at the end of this turn of the event loop, once for all that happened in it. */
  wake(): void {
    if (!this.#isOpen || this.#isScheduled || this.#stop.signal.aborted) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#dispatchAll();
    });
  }

  /** At once: nothing is sent or repeated any more. */
  stop(): void {
    clearTimeout(this.#later);
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    const timer = new AbortController();
    await Promise.race([Promise.all(this.#inFlight), realPause(STOP_WITHIN_MS, timer.signal)]);
    timer.abort();
  }

  #dispatchAll(): void {
    const { board, onLow } = this.#parts;
    const before = board.queue.size;
    this.#dispatchPossible();
    if (board.queue.size < before && board.queue.isLow) onLow();
  }

  #dispatchPossible(): void {
    const { scheduling, clock } = this.#parts;
    clearTimeout(this.#later);
    while (this.#inFlight.size < IN_FLIGHT && this.#mayAct()) {
      const choice = scheduling.next(clock.monotonicMs());
      if (choice.session) this.#start(choice.session, choice.serverId);
      else {
        if (choice.waitMs !== null) this.#later = setTimeout(() => this.wake(), Math.ceil(choice.waitMs));
        return;
      }
    }
  }

  #mayAct(): boolean {
    return !this.#stop.signal.aborted && this.#parts.isActive();
  }

  #start(session: WaitingSession, serverId: string): void {
    const { board, scheduling, clock } = this.#parts;
    scheduling.start(session, serverId, clock.monotonicMs());
    const dispatch = this.#dispatch(session, serverId).finally(() => {
      board.slots.unreserve(session.id);
      this.#inFlight.delete(dispatch);
      this.wake();
    });
    this.#inFlight.add(dispatch);
  }

  /** Returns when the outcome is known, or nobody needs it any more. Never throws. */
  async #dispatch(session: WaitingSession, serverId: string): Promise<void> {
    const { router, epoch, board, refused } = this.#parts;
    const { id, tenant } = session;
    const envelope = { ...serviceEnvelope('scheduler', { tenant, id: newId() }), sessionId: id };
    for (let pauseMs: number = REPEAT.firstMs; this.#mayAct(); pauseMs = Math.min(REPEAT.longestMs, 2 * pauseMs)) {
      try {
        const { version, status } = await router.send('dispatch', { serverId, schedulerEpoch: epoch }, envelope);
        refused.succeed(id);
        if (isWorking(status)) board.applyDispatched(session, serverId, version);
        return;
      } catch (error) {
        // No answer proves nothing: the slot stays reserved, and the same command is sent until there is one.
        if (!(error instanceof AppError && error.retryable)) return this.#onRefused(session, error);
        if (pauseMs === REPEAT.firstMs) this.#parts.logger.warn({ err: error, sessionId: id }, 'dispatch is repeated');
        await this.#parts.pause(pauseMs, this.#stop.signal);
      }
    }
  }

  /** The sweep reads what became of it; until then it is not tried again. */
  #onRefused({ id }: WaitingSession, error: unknown): void {
    const failures = this.#parts.refused.fail(id);
    const isExpected = error instanceof AppError;
    if (isExpected) this.#parts.logger.info({ sessionId: id, code: error.code, failures }, 'dispatch refused');
    else this.#parts.logger.error({ err: error, sessionId: id, failures }, 'dispatch failed');
  }
}
