export { commitSessions, type SessionCommit } from './commit-statement.ts';
export { type Database, openDatabase } from './database.ts';
export { createPostgresDeadLetters, type DeadLetter, type DeadLetters, type NewDeadLetter } from './dead-letters.ts';
export { type CommitOutcome, createGroupCommit } from './group-commit.ts';
export { type LockConnection, openLockConnection } from './lock-connection.ts';
export { untilLockFree } from './lock-watch.ts';
export { readableJson } from './readable-json.ts';
export { isLivingWorker, workerLockKey, workerSigns } from './living-worker.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/start-embedded-postgres.ts';
