import { UnavailableError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type Database, openDatabase } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';

const opened = await openTestDatabase();
test.after.always(() => opened[Symbol.asyncDispose]());

test('a database that is well says how well', async (t) => {
  await using one = await openDatabase(opened.url);
  const { name, state, optional, latencyMs, detail, figures } = await one.health();
  t.deepEqual([name, state, optional, detail], ['postgres', 'ok', false, 'It answers.']);
  t.true(latencyMs !== null && latencyMs > 0);
  t.like(figures, { connections_max: 30, connections_waiting: 0 });
  t.true((figures['connections'] ?? 0) >= 1);
  t.true((figures['database_bytes'] ?? 0) > 1_000_000);
});

test('errors are counted by kind', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  const before = (await one.health()).figures;
  t.like(before, { errors_conflict_total: 0, errors_statement_total: 0, errors_timeout_total: 0 });
  await t.throwsAsync(one.query('select nothing'));
  await t.throwsAsync(one.query('select nothing'));
  await t.throwsAsync(
    one.query("insert into leaders select 'a', gen_random_uuid(), 1, now() from generate_series(1, 2)"),
  );
  await one.query('set statement_timeout = 20');
  await t.throwsAsync(one.query('select pg_sleep(10)'), { instanceOf: UnavailableError });
  await t.throwsAsync(one.query('select pg_terminate_backend(pg_backend_pid())'));
  t.like((await one.health()).figures, {
    errors_statement_total: 2,
    errors_conflict_total: 1,
    errors_timeout_total: 1,
    errors_unavailable_total: 1,
  });
});

test('errors within a transaction are counted by kind, once each', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  await t.throwsAsync(one.transaction((query) => query('select nothing')));
  const twice = "insert into leaders select 'a', gen_random_uuid(), 1, now() from generate_series(1, 2)";
  await t.throwsAsync(one.transaction((query) => query(twice)));
  t.like((await one.health()).figures, {
    errors_statement_total: 1,
    errors_conflict_total: 1,
    errors_timeout_total: 0,
    errors_unavailable_total: 0,
  });
});

test('with all connections at work it is degraded, and one question waits, not one for each report', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  await using held = await hold(one);
  const reports = await Promise.all([one.health(), one.health(), one.health()]);
  for (const { state, latencyMs, detail, figures } of reports) {
    t.deepEqual([state, latencyMs], ['degraded', null]);
    t.regex(detail, /All connections are at work/);
    t.like(figures, { connections: 1, connections_idle: 0, connections_waiting: 1 });
  }
  await held[Symbol.asyncDispose]();
  await eventually(async () => (await one.health()).state === 'ok', { what: 'its recovery' });
});

test('one that answers nothing while all connections are at work is down: it is no load that it hangs under', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 1 });
  await one.health();
  t.true(one.isThere);
  await using held = await hold(one);
  const report = await eventually(
    async () => {
      const health = await one.health();
      return health.state === 'down' ? health : null;
    },
    { what: 'that it hangs', withinMs: 20_000 },
  );
  t.regex(report.detail, /No answer/);
  t.false(one.isThere);
  await held[Symbol.asyncDispose]();
  await eventually(async () => (await one.health()).state === 'ok', { what: 'its recovery' });
  t.true(one.isThere);
});

test('it is not there while several statements get no answer; one that takes its time is no sign', async (t) => {
  await using one = await openDatabase(opened.url, { connections: 5 });
  const alone = one.query('select pg_sleep(6)');
  await t.throwsAsync(
    eventually(() => !one.isThere, { withinMs: 5_500 }),
    undefined,
    'one alone',
  );
  await alone;
  const several = Promise.all([one.query('select pg_sleep(8)'), one.query('select pg_sleep(8)')]);
  await eventually(() => !one.isThere, { what: 'that nothing is answered', withinMs: 7_500 });
  await several;
  t.true(one.isThere);
});

test('a database that is away is down, and no secret is told', async (t) => {
  await using stack = new AsyncDisposableStack();
  const own = await openTestDatabase();
  const url = new URL(own.url);
  // A server that trusts everybody takes any password.
  url.password ||= 'hidden-word';
  const lost = stack.use(await openDatabase(url.href, { connections: 1 }));
  await own[Symbol.asyncDispose]();
  const report = await eventually(async () => {
    const health = await lost.health();
    return health.state === 'down' ? health : null;
  });
  t.regex(report.detail, /It does not answer: ./);
  t.false(report.detail?.includes(url.password) ?? true);
  t.is(report.latencyMs, null);
  t.false(lost.isThere, 'its connection is gone');
  t.is((await lost.health()).state, 'down');
  t.false(lost.isThere, 'none can be opened');
});

/** Takes a connection out of the pool until disposed of. */
async function hold(of: Database): Promise<AsyncDisposable> {
  const pool = await of.orm.em.getConnection().getNativeClient();
  const connection = await pool.connect();
  let isHeld = true;
  return {
    async [Symbol.asyncDispose]() {
      if (isHeld) connection.release();
      isHeld = false;
    },
  };
}
