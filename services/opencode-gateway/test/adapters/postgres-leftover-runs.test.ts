import { randomUUID } from 'node:crypto';
import type { Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { createPostgresLeftoverRuns } from '../../src/adapters/postgres-leftover-runs.ts';
import { createPostgresRunFences } from '../../src/adapters/postgres-run-fences.ts';

const SERVER = 'server-1';

test('who takes over a run that an earlier epoch left behind keeps off whoever acted under that one', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const [former, present] = [randomUUID(), randomUUID()];
  const sessionId = await leftBehind(database, { epoch: 2 });
  await actedFor(database, { sessionId, gateway: former, fence: 1_000_007 });
  const [run] = await createPostgresLeftoverRuns(database, present).claim(SERVER, 3);
  t.like(run, { sessionId, epoch: 2, fence: 2_000_000 });
  t.deepEqual(await createPostgresRunFences(database, former).superseded([{ sessionId, fence: 1_000_007 }]), [
    sessionId,
  ]);
  const question = { sessionId, token: null, toWork: false, epoch: 2, fence: 2_000_000 };
  const [answer] = await createPostgresRunFences(database, present).pass([question]);
  t.is(answer?.state, 'open');
});

test('the first order of the present owner comes after what was left behind, whichever gateway gets it', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const sessionId = await leftBehind(database, { epoch: 1 });
  t.is((await createPostgresLeftoverRuns(database, randomUUID()).claim(SERVER, 3)).length, 1);
  const question = { sessionId, token: null, toWork: false, epoch: 1, fence: 1_000_001 };
  const [answer] = await createPostgresRunFences(database, randomUUID()).pass([question]);
  t.is(answer?.state, 'open');
});

test('a run of which an order of the present epoch is known keeps the fence of that', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const sessionId = await leftBehind(database, { epoch: 3 });
  await actedFor(database, { sessionId, gateway: randomUUID(), fence: 3_000_004 });
  const [run] = await createPostgresLeftoverRuns(database, randomUUID()).claim(SERVER, 3);
  t.like(run, { sessionId, epoch: 3, fence: 3_000_004 });
});

test('a run whose session is being taken over is left alone', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const sessionId = await leftBehind(database, { epoch: 1 });
  const pool = await database.orm.em.getConnection().getNativeClient();
  const rival = await pool.connect();
  try {
    await rival.query('begin');
    await rival.query('update sessions set owner_epoch = 2 where id = $1::uuid', [sessionId]);
    t.deepEqual(await createPostgresLeftoverRuns(database, randomUUID()).claim(SERVER, 3), []);
    await rival.query('commit');
  } finally {
    rival.release();
  }
  const [run] = await createPostgresLeftoverRuns(database, randomUUID()).claim(SERVER, 3);
  t.like(run, { sessionId, epoch: 2, fence: 2_000_000 });
});

test('a run of which nothing can be read hides no other', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const broken = [
    'null',
    '[]',
    '{}',
    '{"attempt": 7}',
    '{"attempt": {"number": 1}}',
    '{"attempt": {"number": 1, "run": 1}, "result": "\\u0000"}',
    '{"attempt": {"number": 1, "run": 1}, "result": "\\ud800"}',
  ];
  for (const snapshot of broken) {
    const id = await leftBehind(database, { epoch: 1 });
    await database.query('update sessions set state = $2::json where id = $1::uuid', [id, snapshot]);
  }
  const sessionId = await leftBehind(database, { epoch: 1 });
  const runs = await createPostgresLeftoverRuns(database, randomUUID()).claim(SERVER, 3);
  t.deepEqual(
    runs.map((run) => [run.sessionId, run.token]),
    [[sessionId, '1.1']],
  );
});

test('only what was left behind for long enough is claimed', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  await leftBehind(database, { epoch: 1 });
  const runs = createPostgresLeftoverRuns(database, randomUUID());
  t.is((await runs.claim(SERVER, 120)).length, 0);
  t.like(await runs.claim(SERVER, 30), [{ messageId: 'msg_1', isUnconfirmed: false }]);
  await database.query(
    `update sessions set state = jsonb_set(state::jsonb, '{attempt,stop}', '{"failure": {"code": "stop_unconfirmed"}}')::json`,
  );
  t.like(await runs.claim(SERVER, 30), [{ isUnconfirmed: true }]);
});

/** A session that was stopped while nobody was there to stop its run. */
async function leftBehind(database: Database, { epoch }: { readonly epoch: number }): Promise<string> {
  const id = randomUUID();
  const state = {
    attempt: { number: 1, run: 1, messageId: 'msg_1', openCodeSessionId: 'ses_1' },
    workspace: { path: '/project' },
  };
  await database.query(
    `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, server_id, state, created_at, updated_at)
     values ($1::uuid, 'acme', 'stopped', 2, '{}', '/project', 'in_place', $2, 1, true, $3, $4::json, now(), now() - interval '1 minute')`,
    [id, epoch, SERVER, JSON.stringify(state)],
  );
  return id;
}

async function actedFor(
  database: Database,
  { sessionId, gateway, fence }: { readonly sessionId: string; readonly gateway: string; readonly fence: number },
): Promise<void> {
  await database.query(
    `insert into run_fences (session_id, fence, gateway, at) values ($1::uuid, $2, $3::uuid, now() - interval '1 minute')`,
    [sessionId, fence, gateway],
  );
}
