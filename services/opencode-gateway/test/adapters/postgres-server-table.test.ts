import type { Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { createLogger, newId } from '@oio/runtime';
import test from 'ava';
import { createPostgresServerTable } from '../../src/adapters/postgres-server-table.ts';
import { createCipher } from '../../src/cipher.ts';

const logger = createLogger('opencode-gateway', { level: 'silent' });
const SERVER = { id: 'a', url: 'http://127.0.0.1:9', password: 'pass word', capacity: 3, managed: false };

test('a server that was entered is read with its password, which the database does not show', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const table = createPostgresServerTable(database, createCipher(['a key of at least thirty-two characters']), logger);
  await table.enter(SERVER);
  t.deepEqual(await table.all(), [{ ...SERVER, draining: null }]);
  t.notRegex(JSON.stringify(await database.query('select * from servers')), /pass word/);
  await table.enter({ ...SERVER, url: 'http://127.0.0.1:10', capacity: 4 });
  t.like(await table.all(), [{ url: 'http://127.0.0.1:10', capacity: 4 }]);

  const other = createPostgresServerTable(database, createCipher(['another key of thirty-two characters!!']), logger);
  t.deepEqual(await other.all(), [], 'what cannot be decrypted is not known');
});

test('only its keeper renews and takes out a managed server', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const table = createPostgresServerTable(database, createCipher(['a key of at least thirty-two characters']), logger);
  const [keeper, other] = [newId(), newId()];
  await table.keep({ ...SERVER, managed: true }, keeper, { started: true });
  await table.remove(SERVER.id, other);
  t.is((await table.all()).length, 1);
  await database.query("update servers set keeper_until = now() - interval '1 minute'");
  await table.renew(SERVER.id, other);
  const isKept = async () => {
    const [row] = await database.query<{ kept: boolean }>('select keeper_until > now() as kept from servers');
    return row?.kept;
  };
  t.false(await isKept());
  await table.renew(SERVER.id, keeper);
  t.true(await isKept());
  await table.remove(SERVER.id, keeper);
  t.deepEqual(await table.all(), []);
});

test('a server that is out of service takes no attempts until it was started anew, or the last doubt is gone', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const table = createPostgresServerTable(database, createCipher(['a key of at least thirty-two characters']), logger);
  const keeper = newId();
  await table.keep({ ...SERVER, managed: true }, keeper, { started: true });
  const draining = async () => (await table.all())[0]?.draining;
  const look = { observation: OBSERVATION, draining: 'It is old.' };
  t.like(await table.observe(SERVER.id, keeper, look), { suspended: false });
  await table.suspend(SERVER.id, 'Who knows.');
  t.is(await draining(), 'Who knows.');
  t.like(await table.observe(SERVER.id, keeper, look), { suspended: true, running: 0, working: 0 });
  await table.keep({ ...SERVER, managed: true }, keeper, { started: false });
  t.is(await draining(), 'Who knows.', 'that it has another keeper changes nothing');
  await table.keep({ ...SERVER, managed: true }, keeper, { started: true });
  t.is(await draining(), null);

  await table.suspend(SERVER.id, 'Who knows.');
  await stoppedOn(database, { status: 'stopped', isUnconfirmed: true });
  await stoppedOn(database, { status: 'stopped', isUnconfirmed: false });
  await stoppedOn(database, { status: 'running', isUnconfirmed: false });
  t.like(await table.observe(SERVER.id, keeper, look), { running: 3, working: 1 });
  await table.reinstate(SERVER.id);
  t.is(await draining(), 'Who knows.', 'there is another one');
  await database.query("update sessions set attempt_open = false where state->'attempt'->'stop' is not null");
  await table.reinstate(SERVER.id);
  t.is(await draining(), 'It is old.', 'for another reason');
});

test('a registered server in doubt is in service again when nothing is open on it, whoever was to show that', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const table = createPostgresServerTable(database, createCipher(['a key of at least thirty-two characters']), logger);
  await table.enter({ ...SERVER, managed: false });
  await table.suspend(SERVER.id, 'Who knows.');
  await stoppedOn(database, { status: 'stopped', isUnconfirmed: false });
  const looked = async () => {
    await database.query("update servers set observed_at = now() - interval '1 minute'");
    await table.observeOthers([{ serverId: SERVER.id, observation: OBSERVATION }]);
    return (await table.all())[0]?.draining;
  };
  t.is(await looked(), 'Who knows.');
  await database.query('update sessions set attempt_open = false');
  t.is(await looked(), null);
});

const OBSERVATION = {
  healthy: true,
  version: '1',
  trouble: null,
  startedAt: null,
  directories: 0,
  memoryBytes: 0,
  databaseBytes: 0,
  cpuPercent: 0,
  diskBytes: 0,
};

async function stoppedOn(
  database: Database,
  { status, isUnconfirmed }: { readonly status: string; readonly isUnconfirmed: boolean },
): Promise<void> {
  const attempt = { number: 1, run: 1, ...(isUnconfirmed && { stop: { failure: { code: 'stop_unconfirmed' } } }) };
  await database.query(
    `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, server_id, state, created_at, updated_at)
     values ($1::uuid, 'acme', $2, 2, '{}', '/project', 'in_place', 1, 1, true, $3, $4::json, now(), now())`,
    [newId(), status, SERVER.id, JSON.stringify({ attempt })],
  );
}
