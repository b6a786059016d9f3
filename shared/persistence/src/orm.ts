import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { POOL_CONNECTIONS } from './connections.ts';
import { ApprovalEntity } from './entities/approval.ts';
import { CountedHistoryEntity } from './entities/counted-history.ts';
import { DeadLetterEntity } from './entities/dead-letter.ts';
import { IdempotencyKeyEntity } from './entities/idempotency-key.ts';
import { LeaderEntity } from './entities/leader.ts';
import { LimitsEntity } from './entities/limits.ts';
import { QuotaEntity } from './entities/quota.ts';
import { RelayCursorEntity } from './entities/relay-cursor.ts';
import { RunFenceEntity } from './entities/run-fence.ts';
import { ScheduleEntity } from './entities/schedule.ts';
import { ScheduleFireEntity } from './entities/schedule-fire.ts';
import { ServerEntity } from './entities/server.ts';
import { SessionEntity } from './entities/session.ts';
import { SessionEventEntity } from './entities/session-event.ts';
import { WorkerEntity } from './entities/worker.ts';
import { MIGRATIONS } from './migrations/migrations-list.ts';

export interface PoolOptions {
  /** Connections at most: the pool and its overflow. Default 30. */
  readonly connections?: number;
}

export interface OrmOptions extends PoolOptions {
  /** Whether a statement may take as long as it likes. */
  readonly unhurried?: boolean;
}

/** Settings of each connection and of the wait for one. Source: the domain specification, section 5. */
const CONNECTION = {
  application_name: 'oio',
  /** How long a query waits for a free connection, and a connection for its server. */
  connectionTimeoutMillis: 30_000,
  /** A connection of this age is replaced once it is free. */
  maxLifetimeSeconds: 1_800,
  statement_timeout: 30_000,
  /**
   * For a process that hangs, or a host that is cut off, in the middle of a transaction: its locks are waited for, and the relay
   * publishes nothing of anybody that is younger.
   */
  idle_in_transaction_session_timeout: 5_000,
  /** For a server that has become silent and ends nothing by itself any more. */
  query_timeout: 35_000,
  keepAlive: true,
} as const;

/** No limit of the server's, none of this side. */
const UNHURRIED = {
  ...CONNECTION,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
  query_timeout: 0,
} as const;

/** Connections are opened when they are needed first; those beyond these are closed when they are idle. */
const KEPT = 20;

const ENTITIES = [
  SessionEntity,
  SessionEventEntity,
  WorkerEntity,
  LeaderEntity,
  IdempotencyKeyEntity,
  LimitsEntity,
  QuotaEntity,
  RelayCursorEntity,
  DeadLetterEntity,
  RunFenceEntity,
  ServerEntity,
  ApprovalEntity,
  ScheduleEntity,
  ScheduleFireEntity,
  CountedHistoryEntity,
];

/** The mapper with all entities and migrations, and its pool. */
export function createOrm(url: string, { connections = POOL_CONNECTIONS, unhurried = false }: OrmOptions = {}) {
  return MikroORM.init({
    clientUrl: url,
    entities: ENTITIES,
    extensions: [Migrator],
    migrations: { migrationsList: [...MIGRATIONS], snapshot: false },
    pool: { min: Math.min(KEPT, connections), max: connections },
    driverOptions: unhurried ? UNHURRIED : CONNECTION,
    // A flush of several versioned rows otherwise checks the versions in a SELECT of its own and loses updates.
    useBatchUpdates: false,
    ensureDatabase: false,
    logger: () => {},
  });
}
