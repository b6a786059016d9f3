import test from 'ava';
import { commitSessions, openDatabase } from '../src/index.ts';
import { createOrm } from '../src/orm.ts';
import { openTestDatabase, type TestDatabase } from '../src/testing/test-database.ts';
import { birth, cancelled } from './support/commits.ts';
import { stored } from './support/stored.ts';

test('the migrations make exactly the schema that the entities describe', async (t) => {
  await using opened = await openTestDatabase();
  t.is(await opened.database.orm.schema.getUpdateSchemaSQL({ wrap: false }), '');
});

test('migrating again changes nothing and keeps the data', async (t) => {
  await using opened = await openTestDatabase();
  const entry = birth();
  await commitSessions(opened.database, [entry]);
  await using again = await openDatabase(opened.url, { connections: 2 });
  t.deepEqual((await stored(again, entry.next.id))?.snapshot, entry.next);
  t.deepEqual(await again.orm.migrator.getPending(), []);
});

test('processes that start together on an empty database migrate it once', async (t) => {
  await using opened = await openTestDatabase();
  await opened.database.query('drop schema public cascade');
  await opened.database.query('create schema public');
  const together = await Promise.all([1, 2, 3, 4].map(() => openDatabase(opened.url, { connections: 2 })));
  const executed = await opened.database.query('select name from mikro_orm_migrations');
  await Promise.all(together.map((database) => database[Symbol.asyncDispose]()));
  t.is(executed.length, 3);
});

test('of a database of the first version everything is kept, and only what comes after the upgrade is to be published', async (t) => {
  await using opened = await openTestDatabase();
  const [before, after] = [birth(), birth()];
  await downgrade(opened);
  await commitSessions(opened.database, [before]);
  await using upgraded = await openDatabase(opened.url, { connections: 2 });
  await commitSessions(upgraded, [after, cancelled(before.next)]);
  t.is((await stored(upgraded, before.next.id))?.events.length, 3);
  const toPublish = await upgraded.query<{ id: string; seq: number }>(
    `select e.session_id as id, e.seq::int as seq from session_events e join relay_cursors c on (e.xid, e.position) > (c.xid, c.position)
     order by e.xid, e.position`,
  );
  const expected = [before.next.id, after.next.id].sort().flatMap((id) =>
    id === before.next.id
      ? [[id, 3]]
      : [
          [id, 1],
          [id, 2],
        ],
  );
  t.deepEqual(
    toPublish.map(({ id, seq }) => [id, seq]),
    expected,
  );
  t.is(await upgraded.orm.schema.getUpdateSchemaSQL({ wrap: false }), '');
});

/** The empty schema as the first version had it. */
async function downgrade({ database, url }: TestDatabase): Promise<void> {
  await database.query('drop schema public cascade');
  await database.query('create schema public');
  const orm = await createOrm(url, { connections: 1 });
  await orm.migrator.up({ to: 'M0001Sessions' });
  await orm.close(true);
}
