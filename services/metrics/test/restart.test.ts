import { UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import test from 'ava';
import { Life } from './support/life.ts';
import { openRig, type Rig } from './support/open-rig.ts';
import { totalsIn } from './support/totals-in.ts';

const FROM_NOW_MS = Date.now() - 60_000;
const RUNNING = 'oio_session_transitions_total{to="running"}';

const finished = (): Life => new Life({ startMs: FROM_NOW_MS }).wait(1).dispatch().step('a').wait(2).complete();

async function startAndEnd(rig: Rig): Promise<void> {
  const service = await rig.start();
  await service[Symbol.asyncDispose]();
}

async function shown(rig: Rig): Promise<string[]> {
  const [own = ''] = await rig.expositions(1);
  return totalsIn(own);
}

test.serial('a restart changes no total and reads nothing of what was counted before', async (t) => {
  await using rig = await openRig();
  for (let count = 0; count < 3; count += 1) await rig.store(finished());
  const former = await rig.start();
  t.is(await rig.value(RUNNING), 3);
  await former[Symbol.asyncDispose]();
  // Who reads this again finds nothing to count in it.
  await rig.database.query(`update session_events set data = 'null'`);
  await rig.store(finished());
  await rig.start();
  t.is(await rig.value(RUNNING), 4);
  t.is(await rig.value('oio_session_steps_total'), 4);
  t.is(await rig.value('oio_session_queue_wait_seconds_sum{priority="medium"}'), 4);
  t.is(await rig.value('oio_metrics_events_total{source="database"}'), finished().history.length);
});

test.serial('what a session did before a restart is known when it goes on after it', async (t) => {
  await using rig = await openRig();
  const life = new Life({ startMs: FROM_NOW_MS }).wait(5);
  await rig.store(life);
  await startAndEnd(rig);
  await rig.start();
  await rig.store(life.dispatch().wait(30));
  await rig.comesTo('oio_session_queue_wait_seconds_sum{priority="medium"}', 5);
  await rig.store(life.complete());
  await rig.comesTo('oio_session_execution_seconds_sum{outcome="completed"}', 30);
  t.is(await rig.value(RUNNING), 1);
});

/** A database that does to every storing of totals what is said here; the last one happens at the end of the service. */
function storing(database: Database, how: (save: () => Promise<unknown>) => Promise<unknown>): Database {
  const query: Database['query'] = async <Row>(sql: string, ...rest: [(readonly unknown[])?]) =>
    sql.includes('insert into counted_histories')
      ? ((await how(() => database.query(sql, ...rest))) as Row[])
      : database.query<Row>(sql, ...rest);
  return { ...database, query };
}

const KILLS = {
  'before the totals are stored': () => Promise.reject(new UnavailableError('killed')),
  'after they are committed and before that is known': async (save: () => Promise<unknown>) => {
    await save();
    throw new UnavailableError('killed');
  },
} as const;

for (const [when, how] of Object.entries(KILLS)) {
  test.serial(`the totals are right after a kill ${when}`, async (t) => {
    await using rig = await openRig();
    await rig.store(finished());
    await startAndEnd(rig);
    const running = new Life({ startMs: FROM_NOW_MS }).wait(7).dispatch();
    const killed = await rig.start({ database: storing(rig.database, how) });
    for (const life of [running, finished(), finished()]) await rig.store(life);
    await rig.comesTo(RUNNING, 4);
    await killed[Symbol.asyncDispose]();
    await rig.start();
    const after = await shown(rig);
    t.is(await rig.value(RUNNING), 4);
    t.is(await rig.value('oio_session_steps_total'), 3);
    await rig.database.query('delete from counted_histories');
    // Whoever counts all of it comes to the same.
    await rig.start();
    const all = await rig.expositions(2);
    for (const own of all) t.deepEqual(totalsIn(own), after);
  });
}

test.serial('a start beside a long history answers while it counts, without half-counted totals', async (t) => {
  await using rig = await openRig();
  for (let count = 0; count < 2; count += 1) await rig.store(finished());
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const query: Database['query'] = async (sql, ...rest) => {
    if (sql.includes('isForeign')) await released;
    return rig.database.query(sql, ...rest);
  };
  await rig.start({ database: { ...rig.database, query } });
  t.is(await rig.value('oio_metrics_catching_up'), 1);
  t.is(await rig.value('oio_sessions{status="completed"}'), 2);
  t.is(await rig.value(RUNNING), undefined);
  release();
  await rig.comesTo('oio_metrics_catching_up', 0);
  t.is(await rig.value(RUNNING), 2);
});

test.serial('a restored history is counted anew once it is in its order', async (t) => {
  await using rig = await openRig();
  await rig.store(finished());
  await startAndEnd(rig);
  // As another server knows it first, and as the relay leaves it then.
  await rig.database.query(`update session_events set xid = '9999999999'`);
  await rig.start();
  t.is(await rig.value('oio_metrics_catching_up'), 1);
  await rig.database.query(`update session_events set xid = '1'`);
  await rig.comesTo('oio_metrics_catching_up', 0);
  t.is(await rig.value(RUNNING), 1);

  // The same below a running instance.
  await rig.database.query(`update session_events set xid = '2'`);
  await rig.store(finished());
  await rig.comesTo(RUNNING, 2);
});
