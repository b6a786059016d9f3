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
