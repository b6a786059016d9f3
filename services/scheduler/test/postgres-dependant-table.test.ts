import { randomUUID } from 'node:crypto';
import { openTestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { createPostgresDependantTable } from '../src/adapters/postgres-dependant-table.ts';

async function openTable() {
  const opened = await openTestDatabase();
  const insert = async (status: string, dependsOn: readonly string[] | null = null, timed = false): Promise<string> => {
    const id = randomUUID();
    await opened.database.query(
      `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, depends_on, timer_at, state, created_at, updated_at)
       values ($1::uuid, 'acme', $2, 2, '{}', '/project', 'in_place', 1, 1, false, $3::uuid[], case when $4::boolean then now() end, '{}', now(), now())`,
      [id, status, dependsOn, timed],
    );
    return id;
  };
  const table = createPostgresDependantTable(opened.database);
  return { table, insert, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

test('a session is due when all that it depends on has ended and nothing of it is to be retried', async (t) => {
  await using opened = await openTable();
  const { table, insert } = opened;
  const [done, failed, running, retried] = [
    await insert('completed'),
    await insert('failed'),
    await insert('running'),
    await insert('failed', null, true),
  ];
  await insert('pending');
  t.deepEqual(await table.due({ limit: 10, except: [] }), { due: [], waiting: false });
  await insert('pending', [done, running]);
  await insert('pending', [retried]);
  await insert('pending', [done], true);
  t.deepEqual(await table.due({ limit: 10, except: [] }), { due: [], waiting: true });
  const free = await insert('pending', [done, failed]);
  t.deepEqual((await table.due({ limit: 10, except: [] })).due, [{ id: free, tenant: 'acme' }]);
  t.deepEqual((await table.due({ limit: 10, except: [free] })).due, []);
});

test('of those that are due, news point at the ones that are named or depend on one that is', async (t) => {
  await using opened = await openTable();
  const { table, insert } = opened;
  const [one, other, running] = [await insert('completed'), await insert('cancelled'), await insert('running')];
  const [ofOne, ofOther] = [await insert('pending', [one]), await insert('pending', [other])];
  await insert('pending', [one, running]);
  const among = async (...heard: string[]) =>
    (await table.dueAmong({ heard, limit: 10, except: [] })).map(({ id }) => id);
  t.deepEqual(await among(one), [ofOne]);
  t.deepEqual(await among(ofOther), [ofOther]);
  t.deepEqual(await among(running), []);
  t.deepEqual(await among(one, other), [ofOne, ofOther].toSorted());
  t.deepEqual(await table.dueAmong({ heard: [one, other], limit: 10, except: [ofOne] }), [
    { id: ofOther, tenant: 'acme' },
  ]);
});

test('what a pending session waits for is told: sessions, then a time, then nothing', async (t) => {
  await using opened = await openTable();
  const { table, insert } = opened;
  const [done, running] = [await insert('completed'), await insert('running')];
  const waiting = await table.pending(await insert('pending', [done, running]));
  t.deepEqual(waiting?.dependencies, [{ session: running, status: 'running' }]);
  t.is(waiting?.startAtMs, null);
  t.deepEqual((await table.pending(await insert('pending', [done])))?.dependencies, []);
  t.like(await table.pending(await insert('pending', [done], true)), { dependencies: null });
  t.like(await table.pending(await insert('pending')), { dependencies: null, startAtMs: null });
  t.is(await table.pending(running), null);
});
