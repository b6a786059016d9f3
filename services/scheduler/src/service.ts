import {
  type HistoryGrown,
  historyGrown,
  limitsChanged,
  quotasChanged,
  serverAnnounced,
  type Waiting,
  workerEnded,
} from '@oio/contracts';
import { newId } from '@oio/runtime';
import { createPostgresDependantTable } from './adapters/postgres-dependant-table.ts';
import { createPostgresKeyTable } from './adapters/postgres-key-table.ts';
import { createPostgresLeaderTable } from './adapters/postgres-leader-table.ts';
import { createPostgresLimitTable } from './adapters/postgres-limit-table.ts';
import { createPostgresQuotaTable } from './adapters/postgres-quota-table.ts';
import { createPostgresScheduleTable } from './adapters/postgres-schedule-table.ts';
import { createPostgresSessionTable } from './adapters/postgres-session-table.ts';
import { boardEvent } from './board-event.ts';
import type { SchedulerConfig } from './config.ts';
import { Leadership } from './leadership.ts';
import { LiveLimits } from './live-limits.ts';
import { LiveQuotas } from './live-quotas.ts';
import type { SchedulerPorts } from './ports.ts';
import { QuotaBook } from './quota-book.ts';
import { Servers } from './servers.ts';
import { Term } from './term.ts';

export interface Scheduler extends AsyncDisposable {
  /** Whether this one schedules; the others stand by. */
  readonly isActive: boolean;
  /** Why a session waits; null when it does not, or this scheduler does not know. */
  explain(sessionId: string): Waiting | null;
}

/** Starts one scheduler. Any number may run; one is active at a time. */
export async function startScheduler(config: SchedulerConfig, ports: SchedulerPorts): Promise<Scheduler> {
  await using stack = new AsyncDisposableStack();
  const { bus, router, clock } = ports;
  const servers = new Servers(clock);
  const onChange = (): void => terms.current?.limitsChanged();
  const { limits, quotas } = await readRules(config, ports, { stack, onChange });
  const terms: Terms = stack.use(new Terms(config, ports, { servers, limits, quotas }));

  // Heard by those on standby as well, so that a new leader knows the servers at once.
  const onServer = (news: Parameters<Servers['hear']>[0]): void => {
    servers.hear(news);
    terms.current?.serverHeard(news.serverId);
  };
  // At most once and at once; the sweep finds what is not heard of.
  const onGrown = ({ owner, events, larger }: HistoryGrown): void => {
    for (const event of events) terms.current?.heard(event);
    for (const event of events.map(boardEvent)) {
      // It is sent a dispatch next.
      if (event?.type === 'session.queued') router.hear(event.sessionId, owner);
      if (event) terms.current?.applyEvent(event);
    }
    for (const { sessionId } of larger) terms.current?.lookUp(sessionId);
  };
  stack.defer(await bus.subscribe([serverAnnounced], { handler: onServer }));
  stack.defer(await bus.subscribe([historyGrown], { handler: onGrown }));
  stack.defer(await bus.subscribe([workerEnded], { handler: () => terms.current?.workerEnded() }));
  stack.defer(await bus.subscribe([limitsChanged], { handler: () => limits.changed() }));
  stack.defer(await bus.subscribe([quotasChanged], { handler: () => quotas.changed() }));
  stack.use(terms.startLeadership());

  const resources = stack.move();
  return {
    get isActive() {
      return terms.current !== null;
    },
    explain: (sessionId) => terms.current?.explain(sessionId) ?? null,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

interface RuleParts {
  /** Ends them. */
  readonly stack: AsyncDisposableStack;
  readonly onChange: () => void;
}

/** What keeps sessions from starting: what operators have limited, and what is refused for a time. */
async function readRules(config: SchedulerConfig, ports: SchedulerPorts, { stack, onChange }: RuleParts) {
  const { database, clock, logger } = ports;
  const globalConcurrent = config.MAX_CONCURRENT_SESSIONS;
  const limitTable = createPostgresLimitTable(database);
  const limits = stack.use(await LiveLimits.start({ table: limitTable, globalConcurrent, onChange, logger }));
  const book = new QuotaBook(() => Date.parse(clock.now()));
  const table = createPostgresQuotaTable(database);
  const quotas = stack.use(new LiveQuotas({ table, book, onChange, logger }));
  return { limits, quotas };
}

/** What every term decides by. */
interface Known {
  readonly servers: Servers;
  readonly limits: LiveLimits;
  readonly quotas: LiveQuotas;
}

/** The terms of this scheduler, one after the other, as it gains the leadership and loses it. */
class Terms implements AsyncDisposable {
  readonly #config: SchedulerConfig;
  readonly #ports: SchedulerPorts;
  readonly #known: Known;
  #ending: Promise<unknown> = Promise.resolve();
  current: Term | null = null;

  constructor(config: SchedulerConfig, ports: SchedulerPorts, known: Known) {
    this.#config = config;
    this.#ports = ports;
    this.#known = known;
  }

  startLeadership(): Leadership {
    const { database, locks, watchLock, clock, logger } = this.#ports;
    const leadership = new Leadership({
      table: createPostgresLeaderTable(database),
      locks,
      watchLock,
      clock,
      logger,
      holder: newId(),
      leaseMs: this.#config.SCHEDULER_LEASE_MS,
      onGained: (epoch) => this.#begin(epoch, () => leadership.holds(epoch)),
      onLost: () => this.#end(),
    });
    return leadership;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending;
  }

  #begin(epoch: number, isActive: () => boolean): void {
    const { database, router, bus, directory, watchLock, clock, logger } = this.#ports;
    const {
      SCHEDULER_QUEUE_HEAD: queueCapacity,
      SCHEDULER_SWEEP_MS: sweepMs,
      SCHEDULER_MAX_WAIT_SECONDS: maxWaitSeconds,
    } = this.#config;
    const { servers, limits, quotas } = this.#known;
    const table = createPostgresSessionTable(database);
    this.current = new Term({
      epoch,
      isActive,
      book: () => limits.book,
      quotas,
      servers: () => servers.all(),
      table,
      dependants: createPostgresDependantTable(database),
      keys: createPostgresKeyTable(database),
      schedules: createPostgresScheduleTable(database),
      router,
      bus,
      directory,
      watchLock,
      clock,
      logger,
      queueCapacity,
      maxWaitMs: 1_000 * maxWaitSeconds,
      sweepMs,
    });
  }

  #end(): void {
    const last = this.current;
    this.current = null;
    last?.stop();
    this.#ending = Promise.all([this.#ending, last?.[Symbol.asyncDispose]()]);
  }
}
