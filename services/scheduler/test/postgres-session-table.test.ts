import { randomUUID } from 'node:crypto';
import { openTestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { createPostgresSessionTable } from '../src/adapters/postgres-session-table.ts';

const GOOD = { checkpoint: { generation: 3, fireAt: '2026-01-01T00:00:00.000Z' } };

test('timers that cannot be read are told as such, and hide no others', async (t) => {
  await using opened = await openTestDatabase();
  const stored = [
    'null',
    '[]',
    '7',
    '{"timers": {}, "result": "\\u0000"}',
    '{"timers": {}, "result": "\\udead"}',
    JSON.stringify({ timers: GOOD }),
  ];
  const ids = stored.map(() => randomUUID());
  for (const [index, snapshot] of stored.entries())
    await opened.database.query(
      `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, timer_at, state, created_at, updated_at)
       values ($1::uuid, 'acme', 'running', 2, '{}', '/project', 'in_place', 1, 1, true, now() - make_interval(secs => $2), $3::json, now(), now())`,
      [ids[index], 60 - index, snapshot],
    );
  const found = await createPostgresSessionTable(opened.database).withTimer({ withinMs: 0, limit: 10, except: [] });
  t.deepEqual(
    found.map(({ id, timers }) => [id, timers]),
    ids.map((id, index) => [id, index === stored.length - 1 ? GOOD : null]),
  );
});

test('of those that are known the ones that do not wait are told, whether they are there or not', async (t) => {
  await using opened = await openTestDatabase();
  const [queued, running, unknown] = [randomUUID(), randomUUID(), randomUUID()];
  for (const [id, waitingSince] of [
    [queued, '2026-01-01T00:00:00.000Z'],
    [running, null],
  ])
    await opened.database.query(
      `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, waiting_since, state, created_at, updated_at)
       values ($1::uuid, 'acme', 'queued', 2, '{}', '/project', 'in_place', 1, 1, false, $2::timestamptz, '{}', now(), now())`,
      [id, waitingSince],
    );
  const found = await createPostgresSessionTable(opened.database).notWaiting([queued, running, unknown]);
  t.deepEqual(found.toSorted(), [running, unknown].toSorted());
});

test('workers that are long dead are forgotten, but for those that have left sessions at work', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const [idle, left, fresh] = [randomUUID(), randomUUID(), randomUUID()];
  for (const [incarnation, secondsAgo] of [
    [idle, 3_600],
    [left, 3_600],
    [fresh, 10],
  ])
    await database.query(
      'insert into workers (incarnation, pid, host, locked, started_at, lease_until) values ($1, 1, $3, true, now(), now() - make_interval(secs => $2))',
      [incarnation, secondsAgo, 'host'],
    );
  await database.query(
    `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner, owner_epoch, version, attempt_open, timer_at, state, created_at, updated_at)
     values ($1::uuid, 'acme', 'running', 2, '{}', '/project', 'in_place', $2::uuid, 1, 1, true, now(), '{}', now(), now())`,
    [randomUUID(), left],
  );
  await createPostgresSessionTable(database).forgetWorkers(600_000);
  const kept = await database.query<{ incarnation: string }>('select incarnation from workers');
  t.deepEqual(kept.map(({ incarnation }) => incarnation).toSorted(), [left, fresh].toSorted());
});
