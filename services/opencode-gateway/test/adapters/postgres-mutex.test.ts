import type { EventEmitter } from 'node:events';
import { openTestDatabase } from '@oio/persistence/testing';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresMutex } from '../../src/adapters/postgres-mutex.ts';

test('two gateways are never in the same place at once, and neither are two tasks of one', async (t) => {
  await using opened = await openTestDatabase();
  await using one = createPostgresMutex(opened.database);
  await using other = createPostgresMutex(opened.database);
  let inside = 0;
  let most = 0;
  const task = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await opened.database.query('select pg_sleep(0.02)');
    inside -= 1;
  };
  await Promise.all([one, other, one, other].map((mutex) => mutex.run('repository', task)));
  t.is(most, 1);
});

test('different places do not wait for each other', async (t) => {
  await using opened = await openTestDatabase();
  await using one = createPostgresMutex(opened.database);
  await using other = createPostgresMutex(opened.database);
  const left: string[] = [];
  await one.run('a', async () => {
    await other.run('b', async () => void left.push('b'));
    left.push('a');
  });
  t.deepEqual(left, ['b', 'a']);
});

test('its connection is given one statement at a time', async (t) => {
  await using opened = await openTestDatabase();
  const pool = await opened.database.orm.em.getConnection().getNativeClient();
  let open = 0;
  let most = 0;
  const seen = async (connection: { query(...words: unknown[]): Promise<unknown> }) => {
    const query = connection.query.bind(connection);
    connection.query = async (...words) => {
      most = Math.max(most, (open += 1));
      return query(...words).finally(() => (open -= 1));
    };
    return connection;
  };
  const watched = { connect: async () => seen(await pool.connect()) };
  const orm = { em: { getConnection: () => ({ getNativeClient: async () => watched }) } };
  await using mutex = createPostgresMutex({ orm } as never);
  const held = await Promise.all(['a', 'b', 'c', 'd'].map((key) => mutex.acquire(key)));
  for (const one of held) one[Symbol.dispose]();
  await mutex.run('a', async () => {});
  t.is(most, 1);
});

test('what a gateway holds falls free when its connection is gone', async (t) => {
  await using opened = await openTestDatabase();
  const one = createPostgresMutex(opened.database);
  await using other = createPostgresMutex(opened.database);
  await one.acquire('repository');
  let isFree = false;
  const waiting = other.acquire('repository').then((held) => {
    isFree = true;
    held[Symbol.dispose]();
  });
  await opened.database.query('select pg_sleep(0.2)');
  t.false(isFree);
  await one[Symbol.asyncDispose]();
  await eventually(() => isFree, { what: 'the other one gets it' });
  await waiting;
});

test('a connection that was lost before and fails once more takes nothing from the one in its place', async (t) => {
  await using opened = await openTestDatabase();
  const pool = await opened.database.orm.em.getConnection().getNativeClient();
  const connections: EventEmitter[] = [];
  const connect = async () => {
    const connection: EventEmitter = await pool.connect();
    connections.push(connection);
    return connection;
  };
  const orm = { em: { getConnection: () => ({ getNativeClient: async () => ({ connect }) }) } };
  await using one = createPostgresMutex({ orm } as never);
  await using other = createPostgresMutex(opened.database);
  await one.run('first', async () => {});
  connections[0]?.emit('error', new Error('lost'));
  const held = await one.acquire('second');
  connections[0]?.emit('error', new Error('lost, once more'));
  let isFree = false;
  const waiting = other.run('second', async () => void (isFree = true));
  await opened.database.query('select pg_sleep(0.3)');
  t.false(isFree);
  t.is(connections.length, 2);
  held[Symbol.dispose]();
  await waiting;
});
