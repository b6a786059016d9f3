import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { IdempotencyKeyEntity } from './entities/idempotency-key.ts';
import { LeaderEntity } from './entities/leader.ts';
import { SessionEntity } from './entities/session.ts';
import { SessionEventEntity } from './entities/session-event.ts';
import { WorkerEntity } from './entities/worker.ts';

import { M0001Sessions } from './migrations/m0001-sessions.ts';

export interface PoolOptions {
  /** Connections at most: the pool and its overflow. Default 30. */
  readonly connections?: number;
}

export function createOrm(url: string, { connections = 30 }: PoolOptions = {}) {
  return MikroORM.init({
    clientUrl: url,
    entities: [SessionEntity, SessionEventEntity, WorkerEntity, LeaderEntity, IdempotencyKeyEntity],
    extensions: [Migrator],
    migrations: { migrationsList: [{ name: 'M0001Sessions', class: M0001Sessions }], snapshot: false },
    pool: { min: 0, max: connections },
    // A flush of several versioned rows otherwise checks the versions in a SELECT of its own and loses updates.
    useBatchUpdates: false,
    ensureDatabase: false,
    logger: () => {},
  });
}
