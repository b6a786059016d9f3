import type { StoredSessionEvent } from '@oio/contracts';
import type { SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import { Backoff } from './backoff.ts';
import { Board } from './board.ts';
import { ADOPT_EVERY_MS, adoptAbandoned, FORGET_EVERY_MS, forgetDeadWorkers } from './dead-owners.ts';
import { Dispatcher } from './dispatcher.ts';
import { every, type LoopTask } from './every.ts';
import { PacedCommands } from './paced-commands.ts';
import type { Blocker, Limits } from './placement.ts';
import type { SessionTable } from './ports.ts';
import { LookUps, sweep } from './sweep.ts';
import { fireTimers, TIMER_POLL_MS } from './timers.ts';

const REFUSED = { firstMs: 500, longestMs: 30_000 } as const;

export interface TermParts {
  readonly epoch: number;
  readonly isActive: () => boolean;
  readonly limits: () => Limits;
  readonly table: SessionTable;
  readonly router: SessionRouter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly queueCapacity: number;
  readonly sweepMs: number;
}

/** The time during which this process is the active scheduler, with all that it does and knows in it. */
export interface Term extends AsyncDisposable {
  applyEvent(event: StoredSessionEvent): void;
  /** A server was heard of. */
  serversChanged(resource: string): void;
  why(sessionId: string): Blocker | null | undefined;
  /** At once: nothing is sent any more. */
  stop(): void;
}

export function startTerm(parts: TermParts): Term {
  const stack = new AsyncDisposableStack();
  const { epoch, isActive, limits, table, router, clock, logger, queueCapacity, sweepMs } = parts;
  const refused = new Backoff({ clock, ...REFUSED });
  const board = new Board({
    queueCapacity,
    limits,
    onChange: () => onChange(),
    onUnclear: (id) => {
      lookUps.want(id);
      lookUpLoop.wake();
    },
  });
  const lookUps = new LookUps(table, board);
  const dispatcher = stack.use(new Dispatcher({ board, router, epoch, isActive, limits, refused, logger }));
  const timerCommands = stack.use(new PacedCommands({ clock, logger, what: 'timer' }));
  const adoptCommands = stack.use(new PacedCommands({ clock, logger, what: 'adoption' }));

  const loop = (name: string, intervalMs: number, task: LoopTask) =>
    stack.use(every(intervalMs, async () => (isActive() ? task() : undefined), { name, logger }));
  const sweepLoop = loop('sweep', sweepMs, async () => {
    await sweep({ table, board, queueCapacity, refused });
    dispatcher.open();
  });
  const lookUpLoop = loop('look-ups', sweepMs, () => lookUps.run());
  loop('timers', TIMER_POLL_MS, () => fireTimers({ table, router, commands: timerCommands }));
  loop('dead owners', ADOPT_EVERY_MS, () => adoptAbandoned({ table, router, commands: adoptCommands }));
  loop('dead workers', FORGET_EVERY_MS, () => forgetDeadWorkers(table));

  const onChange = (): void => {
    dispatcher.wake();
    if (board.queue.isLow) sweepLoop.wake();
  };

  return {
    applyEvent: (event) => board.applyEvent(event),
    serversChanged(resource) {
      board.queue.release(resource);
      dispatcher.wake();
    },
    why: (sessionId) => board.why(sessionId),
    stop: () => dispatcher.stop(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
