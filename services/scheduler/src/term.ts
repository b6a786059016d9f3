import { explainWaiting, type StoredSessionEvent, type Waiting } from '@oio/contracts';
import type { Bus } from '@oio/messaging';
import type { OwnerDirectory, SessionRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import { Backoff } from './backoff.ts';
import { Board } from './board.ts';
import { ADOPT_EVERY_MS, adoptAbandoned, FORGET_EVERY_MS, forgetDeadWorkers } from './dead-owners.ts';
import { DeadWorkers, LOOK_EVERY_MS } from './dead-workers.ts';
import { Dependants, type SessionNews, SWEEP_AT_LEAST_EVERY_MS } from './dependants.ts';
import { Dispatcher, realPause } from './dispatcher.ts';
import { every, type Loop, type LoopOptions } from './every.ts';
import { explainPending, explainRefused } from './explain-pending.ts';
import { PacedCommands } from './paced-commands.ts';
import type { LimitBook } from './limit-book.ts';
import type { LiveQuotas } from './live-quotas.ts';
import type { DependantTable, KeyTable, ScheduleTable, SessionTable, WatchLock } from './ports.ts';
import { QuotaLessons } from './quota-lessons.ts';
import { fireSchedules, SCHEDULE_POLL_MS } from './schedules.ts';
import { Scheduling } from './scheduling.ts';
import type { Server } from './servers.ts';
import { StartRates } from './start-rates.ts';
import { LookUps, Sweep } from './sweep.ts';
import { SUPERSEDE_EVERY_MS, supersede, tellsOfSuperseding } from './supersessions.ts';
import { fireTimers, TIMER_POLL_MS } from './timers.ts';

/** How often is looked for failures of which the news were lost. */
const LEARN_MISSED_EVERY_MS = 10_000;
const REFUSED = { firstMs: 500, longestMs: 30_000 } as const;

export interface TermParts {
  readonly epoch: number;
  readonly isActive: () => boolean;
  readonly book: () => LimitBook;
  readonly quotas: LiveQuotas;
  readonly servers: () => readonly Server[];
  readonly table: SessionTable;
  readonly dependants: DependantTable;
  readonly keys: KeyTable;
  readonly schedules: ScheduleTable;
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
  readonly #scheduling: Scheduling;
  readonly #dispatcher: Dispatcher;
  readonly #lookUps: LookUps;
  /** Sessions whose dispatch was refused lately. */
  readonly #refused: Backoff;
  readonly #lookUpLoop: Loop;
  /** Anything that happened to a session; most of it changes nothing here. */
  readonly heard: (event: SessionNews) => void;
  #adoptions: Loop | null = null;

  constructor(parts: TermParts) {
    this.#parts = parts;
    const { epoch, isActive, book, servers, table, router, clock, logger, queueCapacity, maxWaitMs, sweepMs } = parts;
    this.#refused = new Backoff({ clock, ...REFUSED });
    const refused = this.#refused;
    this.#board = new Board({
      queue: {
        capacity: queueCapacity,
        maxWaitMs,
        nowMs: () => Date.parse(clock.now()),
        weightOf: (tenant) => book().weightOf(tenant),
      },
      onChange: () => this.#dispatcher.wake(),
      onUnclear: (id) => this.lookUp(id),
    });
    const board = this.#board;
    const { queue, slots, warm } = board;
    const rates = new StartRates(() => clock.monotonicMs());
    this.#scheduling = new Scheduling({ queue, slots, warm, rates, quotas: parts.quotas.book, book, servers });
    const scheduling = this.#scheduling;
    const onLow = (): void => sweepLoop.wake();
    this.#dispatcher = this.#resources.use(
      new Dispatcher({ board, scheduling, router, epoch, isActive, refused, onLow, clock, logger, pause: realPause }),
    );
    this.#lookUps = new LookUps(table, board);
    const sweep = new Sweep({ table, board, queueCapacity, refused });
    const [readQuotas, onKnown] = [this.#readQuotas(), this.#whenKnown()];
    const sweepLoop = this.#every('sweep', sweepMs, async () => {
      const againMs = await sweep.run();
      await readQuotas();
      this.#dispatcher.open();
      if (againMs === undefined) onKnown();
      return againMs;
    });
    this.#lookUpLoop = this.#every('look-ups', sweepMs, () => this.#lookUps.run());
    this.heard = toAll([this.#releaseDependants(), this.#supersede(), this.#learnQuotas()]);
    this.#startCommands();
    this.#fireSchedules();
    this.#answer();
  }

  applyEvent(event: StoredSessionEvent): void {
    this.#board.applyEvent(event);
    // It was retried before its last turn was shown to have ended.
    if (event.type !== 'session.attempt-closed' || !this.#refused.isCooling(event.sessionId)) return;
    this.#refused.succeed(event.sessionId);
    this.lookUp(event.sessionId);
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

  limitsChanged(): void {
    this.#board.limitsChanged();
  }

  /** A worker has ended: what it owned is taken over at once. */
  workerEnded(): void {
    this.#adoptions?.wake();
  }

  explain(sessionId: string): Waiting | null {
    return this.#scheduling.explain(sessionId, Date.parse(this.#parts.clock.now()));
  }

  /** At once: nothing is dispatched any more. */
  stop(): void {
    this.#dispatcher.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  /** Sessions that wait for others. Returns what is to be called with all news. */
  #releaseDependants(): (event: SessionNews) => void {
    const { dependants: table, router, clock, logger } = this.#parts;
    const commands = this.#resources.use(new PacedCommands({ clock, logger, what: 'release' }));
    const dependants = new Dependants({ table, router, commands, clock });
    const releases = this.#every('dependants', SWEEP_AT_LEAST_EVERY_MS, () => dependants.release());
    this.#every('all dependants', SWEEP_AT_LEAST_EVERY_MS, () => dependants.sweep());
    return (event) => {
      if (dependants.hear(event)) releases.wake();
    };
  }

  /** Sessions that take the place of others. Returns what is to be called with all news. */
  #supersede(): (event: SessionNews) => void {
    const { keys: table, book, router, clock, logger } = this.#parts;
    const commands = this.#resources.use(new PacedCommands({ clock, logger, what: 'supersession' }));
    const parts = { table, book, router, commands };
    const looks = this.#every('concurrency keys', SUPERSEDE_EVERY_MS, () => supersede(parts));
    return (event) => {
      if (tellsOfSuperseding(event)) looks.wake();
    };
  }

  /** Once, before anything is dispatched: what the last active scheduler has learned, and what it could not write down any more. */
  #readQuotas(): () => Promise<void> {
    const { quotas } = this.#parts;
    let isRead = false;
    return async () => {
      if (isRead) return;
      await quotas.look();
      await quotas.learnMissed();
      isRead = true;
    };
  }

  /** Models that are closed for a time. Returns what is to be called with all news. */
  #learnQuotas(): (event: SessionNews) => void {
    const { quotas } = this.#parts;
    const lessons = new QuotaLessons(quotas);
    this.#every('missed quotas', LEARN_MISSED_EVERY_MS, () => quotas.learnMissed());
    return (event) => lessons.hear(event);
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

  #fireSchedules(): void {
    const { schedules: table, router, clock, logger } = this.#parts;
    const commands = this.#resources.use(new PacedCommands({ clock, logger, what: 'fire of a schedule' }));
    const parts = { table, router, commands, logger, onDone: () => fires.wake() };
    const fires = this.#every('schedules', SCHEDULE_POLL_MS, () => fireSchedules(parts));
  }

  /** Says once that memory holds all that wait, and how long it took from the beginning of the term. */
  #whenKnown(): () => void {
    const { clock, logger } = this.#parts;
    const beganMs = clock.monotonicMs();
    let isKnown = false;
    return () => {
      if (isKnown) return;
      isKnown = true;
      const tookMs = Math.round(clock.monotonicMs() - beganMs);
      logger.info({ waiting: this.#board.queue.size, tookMs }, 'all that wait are known');
    };
  }

  /** Only the active one knows who waits. */
  #answer(): void {
    const { bus, dependants, logger } = this.#parts;
    const serving = bus.serve(explainWaiting, async ({ payload: { sessionId: id } }) => ({
      waiting: this.explain(id) ?? (await this.#explainRefused(id)) ?? (await explainPending(dependants, id)),
    }));
    serving.catch((error: unknown) => logger.error({ err: error }, 'nobody is told why sessions wait'));
    this.#resources.defer(async () => (await serving.catch(() => null))?.());
  }

  async #explainRefused(id: string): Promise<Waiting | null> {
    const [row] = this.#refused.isCooling(id) ? await this.#parts.table.find([id]) : [];
    return row ? explainRefused(row) : null;
  }

  #every(name: string, intervalMs: number, task: LoopOptions['task']): Loop {
    const { isActive, logger } = this.#parts;
    return this.#resources.use(
      every({ name, logger, intervalMs, task: async () => (isActive() ? task() : undefined) }),
    );
  }
}

function toAll(hearers: readonly Term['heard'][]): Term['heard'] {
  return (event) => hearers.forEach((hear) => hear(event));
}
