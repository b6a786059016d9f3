import { serverAnnounced, sessionEvents, type StoredSessionEvent } from '@oio/contracts';
import { newId } from '@oio/runtime';
import { createPostgresLeaderTable } from './adapters/postgres-leader-table.ts';
import { createPostgresSessionTable } from './adapters/postgres-session-table.ts';
import { BOARD_EVENTS } from './board.ts';
import type { SchedulerConfig } from './config.ts';
import { startLeadership } from './leadership.ts';
import type { Blocker } from './placement.ts';
import type { SchedulerPorts } from './ports.ts';
import { Servers } from './servers.ts';
import { serverResource } from './slots.ts';
import { startTerm, type Term } from './term.ts';

export interface Scheduler extends AsyncDisposable {
  /** Whether this one schedules; the others stand by. */
  readonly isActive: boolean;
  /** Why a queued session does not run yet; null when it is only a matter of its turn, undefined when this scheduler does not know it. */
  why(sessionId: string): Blocker | null | undefined;
}

/** Starts one scheduler. Any number may run; one is active at a time. */
export async function startScheduler(config: SchedulerConfig, ports: SchedulerPorts): Promise<Scheduler> {
  await using stack = new AsyncDisposableStack();
  const { bus, router, database, clock, logger } = ports;
  const table = createPostgresSessionTable(database);
  const servers = new Servers(clock);
  const limits = () => ({ limit: config.MAX_CONCURRENT_SESSIONS, servers: servers.all() });
  let term: Term | null = null;
  let ending: Promise<void> = Promise.resolve();

  // Heard by those on standby as well, so that a new leader knows the servers at once.
  stack.defer(
    await bus.subscribe([serverAnnounced], {
      handler: (news) => {
        servers.hear(news);
        term?.serversChanged(serverResource(news.serverId));
      },
    }),
  );
  stack.defer(await bus.subscribe(BOARD_EVENTS.map((type) => sessionEvents[type]), { handler: (event: StoredSessionEvent) => term?.applyEvent(event) }));
  stack.defer(() => ending);

  const leadership = startLeadership({
    table: createPostgresLeaderTable(database),
    clock,
    logger,
    holder: newId(),
    leaseMs: config.SCHEDULER_LEASE_MS,
    onGained: (epoch) => {
      const isActive = () => leadership.holds(epoch);
      term = startTerm({ epoch, isActive, limits, table, router, clock, logger, queueCapacity: config.SCHEDULER_QUEUE_HEAD, sweepMs: config.SCHEDULER_SWEEP_MS });
    },
    onLost: () => {
      const last = term;
      term = null;
      last?.stop();
      ending = Promise.all([ending, last?.[Symbol.asyncDispose]()]).then(() => {});
    },
  });
  stack.use(leadership);
  const resources = stack.move();
  return {
    get isActive() {
      return term !== null;
    },
    why: (sessionId) => term?.why(sessionId),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
