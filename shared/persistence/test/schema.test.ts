import { partsOf, type SessionSnapshot } from '@oio/domain';
import test from 'ava';
import { commitSessions, openDatabase, type SessionCommit } from '../src/index.ts';
import { MIGRATIONS } from '../src/migrations/migrations-list.ts';
import { createOrm } from '../src/orm.ts';
import { openTestDatabase, type TestDatabase } from '../src/testing/test-database.ts';
import { birth, cancelled, OWNER } from './support/commits.ts';
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
  t.is(executed.length, MIGRATIONS.length);
});

test('of a database of the first version everything is kept, and only what comes after the upgrade is to be published', async (t) => {
  await using opened = await openTestDatabase();
  const [before, after] = [birth(), birth()];
  await downgrade(opened, 'M0001Sessions');
  await storeWhole(opened, before);
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

test('rows that hold whole snapshots keep what changes, in its order, unless their history does not tell the rest', async (t) => {
  await using opened = await openTestDatabase();
  await downgrade(opened, 'M0003JsonAsWritten');
  const wholes = new Map<string, SessionSnapshot>();
  const store = async (damage?: string): Promise<string> => {
    const entry = birth({ metadata: { note: 'a  b\n"', index: wholes.size } });
    await storeWhole(opened, entry);
    if (damage) await opened.database.query(damage, [entry.next.id]);
    wholes.set(entry.next.id, entry.next);
    return entry.next.id;
  };
  const [written, sorted] = [await store(), await store(SORTED)];
  const left = [await store(ARRAY), await store(WITH_NUL), await store(UNBORN), await store(OTHERWISE)];
  const before = await opened.database.query<Row>('select id, snapshot::text as state from sessions');
  await using upgraded = await openDatabase(opened.url, { connections: 2 });
  const after = await upgraded.query<Row>('select id, state::text from sessions');
  const states = new Map(after.map(({ id, state }) => [id, state]));
  for (const { id, state } of before) if (left.includes(id)) t.is(states.get(id), state);
  for (const id of [written, sorted]) {
    const snapshot = wholes.get(id) as SessionSnapshot;
    const kept = Object.keys(JSON.parse(states.get(id) ?? '') as object);
    t.deepEqual(
      Object.keys(partsOf(snapshot).birth).filter((key) => kept.includes(key)),
      [],
    );
    t.deepEqual((await stored(upgraded, id))?.snapshot, snapshot);
    await commitSessions(upgraded, [cancelled(snapshot)]);
    t.is((await stored(upgraded, id))?.version, 3);
  }
});

interface Row {
  readonly id: string;
  readonly state: string;
}

/** As the first version had it: the keys in the order of the database. */
const SORTED = `with s as (update sessions set snapshot = snapshot::jsonb::json where id = $1::uuid returning id)
update session_events e set data = data::jsonb::json from s where e.session_id = s.id`;
const ARRAY = "update sessions set snapshot = '[1]' where id = $1::uuid";
const WITH_NUL = String.raw`update sessions set snapshot = replace(snapshot::text, '"result":null', '"result":"\u0000"')::json where id = $1::uuid`;
const UNBORN = 'delete from session_events where session_id = $1::uuid and seq = 1';
const OTHERWISE = `update session_events set data = jsonb_set(data::jsonb, '{session,title}', '"Another"')::json
where session_id = $1::uuid and seq = 1`;

/** As versions did that wrote the whole snapshot. */
async function storeWhole({ database }: TestDatabase, { next, events }: SessionCommit): Promise<void> {
  await database.query(
    `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner, owner_epoch, version, attempt_open, snapshot, created_at, updated_at)
     values ($1::uuid, $2, $3, 2, '{}', $4, $5, $6::uuid, 1, $7, false, $8, $9, $9)`,
    [
      next.id,
      next.tenant,
      next.status,
      next.place.directory,
      next.place.workspace,
      OWNER,
      next.version,
      JSON.stringify(next),
      next.createdAt,
    ],
  );
  for (const { sessionId, seq, type, data, commandId, epoch, cause, at } of events)
    await database.query(
      `insert into session_events (session_id, seq, type, data, command_id, epoch, cause, at) values ($1::uuid, $2, $3, $4, $5, $6, $7, $8)`,
      [sessionId, seq, type, JSON.stringify(data), commandId, epoch, JSON.stringify(cause), at],
    );
}

/** The empty schema as an earlier version had it. */
async function downgrade({ database, url }: TestDatabase, to: string): Promise<void> {
  await database.query('drop schema public cascade');
  await database.query('create schema public');
  const orm = await createOrm(url, { connections: 1 });
  await orm.migrator.up({ to });
  await orm.close(true);
}
