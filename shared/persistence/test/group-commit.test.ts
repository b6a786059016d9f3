import { UnavailableError } from '@oio/errors';
import test from 'ava';
import { Client } from 'pg';
import { createGroupCommit, type Database, type SessionCommit } from '../src/index.ts';
import { openTestDatabase } from '../src/testing/test-database.ts';
import { birth, cancelled } from './support/commits.ts';
import { stored, versions } from './support/stored.ts';

const opened = await openTestDatabase();
const { database } = opened;
test.after.always(() => opened[Symbol.asyncDispose]());

test('a thousand sessions that commit at once share a few statements', async (t) => {
  const counted = counting(database);
  const { commit } = createGroupCommit(counted);
  const entries = Array.from({ length: 1_000 }, () => birth());
  const outcomes = await Promise.all(entries.map((entry) => commit(entry)));
  t.true(outcomes.every((outcome) => outcome === 'committed'));
  t.deepEqual(counted.sizes, [256, 256, 256, 232]);
});

test('one that waits is committed at once', async (t) => {
  const counted = counting(database);
  t.is(await createGroupCommit(counted).commit(birth()), 'committed');
  t.deepEqual(counted.sizes, [1]);
});

test('each learns its own outcome', async (t) => {
  const { commit } = createGroupCommit(database);
  const [one, two, three] = [birth({ commandId: 'first' }), birth(), birth()];
  await Promise.all([one, two, three].map((entry) => commit(entry)));
  const outcomes = await Promise.all([
    commit(cancelled(one.next, { commandId: 'first' })),
    commit(cancelled(two.next)),
    commit(cancelled(three.next, { epoch: 9 })),
    commit(birth()),
    commit(birth({ id: one.next.id })),
  ]);
  t.deepEqual(outcomes, ['repeated', 'committed', 'lost', 'committed', 'lost']);
  t.deepEqual(await versions(database, [one.next.id, two.next.id, three.next.id]), [2, 3, 2]);
});

test('repeated commands in a full batch keep nobody else from being committed', async (t) => {
  const { commit } = createGroupCommit(database);
  const entries = Array.from({ length: 200 }, () => birth({ commandId: 'born' }));
  await Promise.all(entries.map((entry) => commit(entry)));
  const isRepeated = (index: number): boolean => index % 67 === 5;
  const outcomes = await Promise.all(
    entries.map(({ next }, index) => commit(cancelled(next, isRepeated(index) ? { commandId: 'born' } : {}))),
  );
  t.deepEqual(
    outcomes,
    entries.map((_, index) => (isRepeated(index) ? 'repeated' : 'committed')),
  );
});

test('an entry that the database refuses is thrown back alone', async (t) => {
  const { commit } = createGroupCommit(database);
  const bad: SessionCommit = { ...birth(), owner: 'nobody' };
  const [good, refused] = await Promise.allSettled([commit(birth()), commit(bad)]);
  t.is(good.status === 'fulfilled' && good.value, 'committed');
  t.is(refused.status, 'rejected');
});

test('the same entry again is lost, not committed twice', async (t) => {
  const { commit } = createGroupCommit(database);
  const entry = birth();
  t.is(await commit(entry), 'committed');
  t.is(await commit(entry), 'lost');
  t.is((await stored(database, entry.next.id))?.events.length, 2);
});

test('connections killed at any time: no false success, and nothing that was committed stays unknown', async (t) => {
  await using own = await openTestDatabase();
  const { commit } = createGroupCommit(own.database);
  const ending = new AbortController();
  let answered = 0;
  const killer = kill(own.url, () => answered, ending.signal);
  let unclear = 0;
  const clients = Array.from({ length: 16 }, async () => {
    for (let count = 0; count < 40 || unclear === 0; count += 1) {
      const entry = birth();
      const outcome = await commit(entry).catch((error: unknown) => {
        if (!(error instanceof UnavailableError)) throw error;
        unclear += 1;
        return untilClear(() => commit(entry));
      });
      answered += 1;
      t.true(outcome === 'committed' || outcome === 'lost');
      t.true(await untilClear(() => hasOutcome(own.database, entry)), `${outcome}, and yet not there`);
    }
  });
  await Promise.all(clients);
  ending.abort();
  await killer;
  t.true(unclear > 0, 'some commits must have met a killed connection');
});

async function hasOutcome(of: Database, { next, events }: SessionCommit): Promise<boolean> {
  const rows = await of.query('select 1 from session_events where session_id = $1::uuid and command_id = $2', [
    next.id,
    events[0]?.commandId,
  ]);
  return rows.length > 0;
}

/** Asks again as long as the database does not answer. */
async function untilClear<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask().then(
      (value) => ({ value }),
      () => null,
    );
    if (answer) return answer.value;
  }
}

/** Kills half of all connections but its own again and again; on a slow machine each time after at least one commit was answered. */
async function kill(url: string, answered: () => number, signal: AbortSignal): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    while (!signal.aborted) {
      const before = answered();
      await client.query(KILL_HALF);
      do await client.query('select pg_sleep(0.03)');
      while (answered() === before && !signal.aborted);
    }
  } finally {
    await client.end();
  }
}

const KILL_HALF = `select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and random() < 0.5`;

/** Tells how many sessions each commit statement had. */
function counting(of: Database): Database & { readonly sizes: readonly number[] } {
  const sizes: number[] = [];
  return {
    ...of,
    sizes,
    query: (sql, parameters, options) => {
      sizes.push(lengthOf(parameters?.[0] as Buffer));
      return of.query(sql, parameters, options);
    },
  };
}

/** Of an array in binary form: the fourth word. */
function lengthOf(array: Buffer): number {
  return array.readInt32BE(12);
}
