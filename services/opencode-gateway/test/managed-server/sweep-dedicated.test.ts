import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, newId } from '@oio/runtime';
import anyTest, { type TestFn } from 'ava';
import { createPostgresDedicatedSessions } from '../../src/adapters/postgres-dedicated-sessions.ts';
import { findCgroups } from '../../src/cgroups/find-cgroups.ts';
import { dedicatedDirectory } from '../../src/managed-server/dedicated-server.ts';
import { sweepDedicated } from '../../src/managed-server/sweep-dedicated.ts';

const test = anyTest as TestFn<{ database: Database; root: string; stack: AsyncDisposableStack }>;
const cgroups = await findCgroups(null);

test.before(async (t) => {
  const stack = new AsyncDisposableStack();
  const { database } = stack.use(await openTestDatabase());
  const root = await mkdtemp(join(tmpdir(), 'oio-dedicated-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  t.context = { database, root, stack };
});
test.after.always((t) => t.context.stack.disposeAsync());

const KEPT: readonly (readonly [string, Partial<Row>])[] = [
  ['works', { status: 'running', attemptOpen: true }],
  ['waits for its retry', { status: 'queued' }],
  ['is paused', { status: 'paused' }],
  ['failed, and may be retried', { status: 'failed' }],
  ['was stopped, and may be retried', { status: 'stopped' }],
  ['has sub-tasks that may be retried', { status: 'partially_completed' }],
  ['is cancelled, but not shown to be at rest', { status: 'cancelled', attemptOpen: true }],
];
const REMOVED: readonly (readonly [string, Partial<Row>])[] = [
  ['is completed', { status: 'completed' }],
  ['is cancelled', { status: 'cancelled' }],
  ['is orphaned', { status: 'orphaned' }],
  ['failed and is deleted', { status: 'failed', deleted: true }],
];

for (const [cases, isKept] of [
  [KEPT, true],
  [REMOVED, false],
] as const)
  for (const [what, row] of cases)
    test(`the data of a session that ${what} ${isKept ? 'stay' : 'are removed'}`, async (t) => {
      t.is(existsSync(await swept(t.context, await enter(t.context.database, row))), isKept);
    });

test('data of a session that this database does not know stay: another orchestrator may have it', async (t) => {
  t.true(existsSync(await swept(t.context, newId())));
});

interface Row {
  readonly status: string;
  readonly attemptOpen: boolean;
  readonly deleted: boolean;
}

/** The directory of a session, after a sweep. */
async function swept({ database, root }: { database: Database; root: string }, sessionId: string): Promise<string> {
  const directory = dedicatedDirectory(root, sessionId);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'opencode.db'), 'its conversation');
  await sweepDedicated({
    place: { root, cgroups: async () => cgroups },
    sessions: createPostgresDedicatedSessions(database),
    logger: createLogger('opencode-gateway', { level: 'silent' }),
  });
  return directory;
}

async function enter(database: Database, row: Partial<Row>): Promise<string> {
  const { status = 'running', attemptOpen = false, deleted = false } = row;
  const id = newId();
  await database.query(INSERT, [id, status, attemptOpen, deleted ? new Date() : null]);
  return id;
}

const INSERT = `
insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, state, created_at, updated_at, deleted_at)
values ($1::uuid, 'acme', $2, 2, '{}', '/', 'worktree', 1, 1, $3, '{}', now(), now(), $4)`;
