export { isAtWork, WORKING_STATUSES } from './at-work.ts';
export { commitSessions, type SessionCommit } from './commit-statement.ts';
export { type Database, openDatabase } from './database.ts';
export { createPostgresDeadLetters, type DeadLetter, type DeadLetters, type NewDeadLetter } from './dead-letters.ts';
export { type CommitOutcome, createGroupCommit, isRepetition } from './group-commit.ts';
export { forgetOldFires } from './forget-fires.ts';
export { historyPage } from './history-page.ts';
export { instant } from './instant.ts';
export { type LockConnection, openLockConnection } from './lock-connection.ts';
export { untilLockFree } from './lock-watch.ts';
export { readableJson } from './readable-json.ts';
export { sqlStateOf, UNIQUE_VIOLATION } from './sql-state.ts';
export { storedSession } from './stored-session.ts';
export { isLivingWorker, workerLockKey, workerSigns } from './living-worker.ts';
export {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded/start-embedded-postgres.ts';
export { EMBEDDED_MAX_CONNECTIONS, POOL_CONNECTIONS } from './connections.ts';
