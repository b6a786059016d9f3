import type { StoredSessionEvent } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory, SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import { Backoff } from './backoff.ts';
import { Board } from './board.ts';
import { ADOPT_EVERY_MS, adoptAbandoned, FORGET_EVERY_MS, forgetDeadWorkers } from './dead-owners.ts';
import { DeadWorkers, LOOK_EVERY_MS } from './dead-workers.ts';
import { Dispatcher, realPause } from './dispatcher.ts';
import { every, type Loop, type LoopOptions } from './every.ts';
import { PacedCommands } from './paced-commands.ts';
import type { Blocker, Limits } from './placement.ts';
import type { SessionTable, WatchLock } from './ports.ts';
import { LookUps, Sweep } from './sweep.ts';
import { fireTimers, TIMER_POLL_MS } from './timers.ts';

const REFUSED = { firstMs: 500, longestMs: 30_000 } as const;

export interface TermParts {
  readonly epoch: number;
  readonly isActive: () => boolean;
  readonly limits: () => Limits;
  readonly table: SessionTable;
  readonly router: SessionRouter;
  readonly bus: Bus;
  readonly directory: OwnerDirectory;
  readonly watchLock: WatchLock;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queueCapacity: number;
  /** Who has waited for longer is overdue. */
  readonly maxWaitMs: number;
  readonly sweepMs: number;
}

/** The time during which this process is the active scheduler, with all that it does and knows in it. */
export class Term implements AsyncDisposable {
  readonly #parts: TermParts;
  readonly #resources = new AsyncDisposableStack();
  readonly #board: Board;
  readonly #dispatcher: Dispatcher;
  readonly #lookUps: LookUps;
  readonly #lookUpLoop: Loop;
  #adoptions: Loop | null = null;

  constructor(parts: TermParts) {
    this.#parts = parts;
    const { epoch, isActive, limits, table, router, clock, logger, queueCapacity, maxWaitMs, sweepMs } = parts;
    const refused = new Backoff({ clock, ...REFUSED });
    this.#board = new Board({
      queue: { capacity: queueCapacity, maxWaitMs, nowMs: () => Date.parse(clock.now()), weightOf: () => 1 },
      limits,
      onChange: () => this.#dispatcher.wake(),
      onUnclear: (id) => this.lookUp(id),
    });
    const board = this.#board;
    const onLow = (): void => sweepLoop.wake();
    this.#dispatcher = this.#resources.use(
      new Dispatcher({ board, router, epoch, isActive, limits, refused, onLow, logger, pause: realPause }),
    );
    this.#lookUps = new LookUps(table, board);
    const sweep = new Sweep({ table, board, queueCapacity, refused });
    const sweepLoop = this.#every('sweep', sweepMs, async () => {
      const againMs = await sweep.run();
      this.#dispatcher.open();
      return againMs;
    });
    this.#lookUpLoop = this.#every('look-ups', sweepMs, () => this.#lookUps.run());
    this.#startCommands();
  }

  applyEvent(event: StoredSessionEvent): void {
    this.#board.applyEvent(event);
  }

  /** Something happened to a session that is not known here; it is read. */
  lookUp(id: string): void {
    this.#lookUps.want(id);
    this.#lookUpLoop.wake();
  }

  /** A server was heard of. */
  serverHeard(serverId: string): void {
    this.#board.serverHeard(serverId);
  }

  /** A worker has ended: what it owned is taken over at once. */
  workerEnded(): void {
    this.#adoptions?.wake();
  }

  why(sessionId: string): Blocker | null | undefined {
    return this.#board.why(sessionId);
  }

  /** At once: nothing is dispatched any more. */
  stop(): void {
    this.#dispatcher.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  /** Timers, and sessions whose owner is gone: commands that need no slot. */
  #startCommands(): void {
    const { table, router, clock, logger } = this.#parts;
    const timers = this.#resources.use(new PacedCommands({ clock, logger, what: 'timer' }));
    const adoptions = this.#resources.use(new PacedCommands({ clock, logger, what: 'adoption' }));
    const timerLoop = this.#every('timers', TIMER_POLL_MS, () => fireTimers({ table, router, commands: timers }));
    const adoptionLoop = this.#every('dead owners', ADOPT_EVERY_MS, () =>
      adoptAbandoned({ table, router, commands: adoptions }),
    );
    this.#adoptions = adoptionLoop;
    const onSign = (): void => looks.wake();
    // What could not be sent, or was sent to one that has died since, need not wait for its next turn.
    const onChange = (): void => {
      for (const commands of [timers, adoptions]) commands.forgetPauses();
      for (const loop of [timerLoop, adoptionLoop]) loop.wake();
    };
    const workers = this.#resources.use(new DeadWorkers({ ...this.#parts, onSign, onChange }));
    const looks = this.#every('workers', LOOK_EVERY_MS, () => workers.look());
    this.#every('dead workers', FORGET_EVERY_MS, () => forgetDeadWorkers(table));
  }

  #every(name: string, intervalMs: number, task: LoopOptions['task']): Loop {
    const { isActive, logger } = this.#parts;
    return this.#resources.use(
      every({ name, logger, intervalMs, task: async () => (isActive() ? task() : undefined) }),
    );
  }
}
