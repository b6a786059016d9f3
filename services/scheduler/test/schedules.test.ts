import { ConflictError, InvalidError, UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import { openTestDatabase, type TestDatabase } from '@oio/persistence/testing';
import test from 'ava';
import { createPostgresScheduleTable } from '../src/adapters/postgres-schedule-table.ts';
import type { ScheduleTable } from '../src/ports.ts';
import { firing, Sessions } from './support/firing.ts';
import { enterSchedule, firesOf } from './support/schedules.ts';

let opened: TestDatabase;
let database: Database;
test.before(async () => {
  opened = await openTestDatabase();
  database = opened.database;
});
test.beforeEach(() => database.query('truncate schedules, schedule_fires'));
test.after.always(() => opened?.[Symbol.asyncDispose]());

async function outcomesOf(id: string): Promise<string[]> {
  return (await firesOf(database, id)).map(({ outcome }) => outcome);
}

test.serial('what is due is submitted on behalf of who entered it, under ids made of schedule and time', async (t) => {
  const id = await enterSchedule(database, { cron: '0 3 * * *', nextFireAt: `'2027-01-01T03:00:00Z'::timestamptz` });
  await database.query(`update schedules set next_fire_at = now()`);
  const sessions = new Sessions();
  await firing(database, sessions).settle();
  const [fire, ...others] = await firesOf(database, id);
  t.deepEqual([fire?.outcome, others], ['submitted', []]);
  const [{ payload, envelope } = { payload: null, envelope: null }, ...more] = sessions.accepted;
  t.deepEqual(more, []);
  t.like(payload, { title: 'Add a parser', concurrencyKey: `schedule:${id}`, onConflict: 'reject' });
  t.like(envelope, { tenant: 'acme', principal: 'user:ada', sessionId: fire?.sessionId });
  t.regex(envelope?.id ?? '', new RegExp(`^schedule:${id}:20`));
  const [row] = await database.query<{ next: string }>(
    `select to_char(next_fire_at at time zone 'UTC', 'HH24:MI') as next from schedules where next_fire_at > now()`,
  );
  t.is(row?.next, '03:00');
});

test.serial(
  'the overlap policy is the rule for its concurrency key, which a session may share with others',
  async (t) => {
    const sessions = new Sessions();
    const queued = await enterSchedule(database, { overlap: 'queue' });
    await enterSchedule(database, { overlap: 'cancel_running', concurrencyKey: 'deploy' });
    await firing(database, sessions).settle();
    const rules = sessions.accepted.map(({ payload }) => [payload['onConflict'], payload['concurrencyKey']].join(' '));
    t.deepEqual(rules.toSorted(), ['cancel_oldest deploy', `queue schedule:${queued}`]);
  },
);

test.serial('nothing fires early, and the next look is when the next is due', async (t) => {
  const id = await enterSchedule(database, { nextFireAt: `now() + interval '900 milliseconds'` });
  await enterSchedule(database, { nextFireAt: `now() + interval '1 hour'` });
  const sessions = new Sessions();
  const nextMs = await firing(database, sessions).look();
  t.true(nextMs > 0 && nextMs <= 900, `${nextMs} ms`);
  t.deepEqual(await outcomesOf(id), []);
});

test.serial(
  'after a time without anybody the newest missed ones are made up for, and the others are recorded',
  async (t) => {
    const sessions = new Sessions();
    const id = await enterSchedule(database, {
      cron: '0 * * * *',
      catchUpLimit: 2,
      overlap: 'queue',
      nextFireAt: `date_trunc('hour', now()) - interval '4 hours'`,
    });
    await firing(database, sessions).settle();
    const fires = await firesOf(database, id);
    // The fire of this hour is on time if the hour is younger than a minute.
    t.true([5, 5].includes(fires.length));
    t.deepEqual(
      fires.slice(0, 2).map(({ outcome }) => outcome),
      ['missed', 'missed'],
    );
    t.deepEqual(
      fires.slice(-2).map(({ outcome }) => outcome),
      ['submitted', 'submitted'],
    );
    t.regex(fires[0]?.detail ?? '', /newest 2 are made up for/);
    t.deepEqual(
      sessions.accepted.map(({ envelope }) => envelope.sessionId),
      fires.filter(({ outcome }) => outcome === 'submitted').map(({ sessionId }) => sessionId),
    );
  },
);

test.serial(
  'one whose key is in use is skipped, and one that cannot be accepted is refused, each with its reason',
  async (t) => {
    const sessions = new Sessions();
    const table = createPostgresScheduleTable(database);
    const [busy, broken] = [await enterSchedule(database), await enterSchedule(database)];
    sessions.before = async ({ envelope }) => {
      if (envelope.id.includes(busy)) throw new ConflictError('One works.', { code: 'concurrency_key_in_use' });
      const violations = [{ field: 'directory', code: 'not_found', message: 'directory does not exist.' }];
      throw new InvalidError('The session cannot be accepted.', { violations });
    };
    await firing(database, sessions, table).settle();
    t.like(await firesOf(database, busy), [{ outcome: 'skipped', detail: 'One works.' }]);
    const [refused] = await firesOf(database, broken);
    t.like(refused, { outcome: 'refused' });
    t.regex(refused?.detail ?? '', /directory: directory does not exist/);
  },
);

test.serial('what could not be submitted is submitted later, and meanwhile nothing piles up', async (t) => {
  const sessions = new Sessions();
  const id = await enterSchedule(database, { catchUpLimit: 0 });
  let isDown = true;
  sessions.before = async () => {
    if (isDown) throw new UnavailableError('Nobody takes it.');
  };
  const one = firing(database, sessions);
  await one.settle();
  for (let hour = 0; hour < 3; hour += 1) {
    await database.query('update schedules set next_fire_at = clock_timestamp()');
    await one.settle();
  }
  t.deepEqual(await outcomesOf(id), ['pending', 'missed', 'missed', 'missed']);
  isDown = false;
  await one.settle();
  t.deepEqual(await outcomesOf(id), ['submitted', 'missed', 'missed', 'missed']);
  t.is(sessions.accepted.length, 1);
});

test.serial('a line that cannot be read any more holds up no others', async (t) => {
  const broken = await enterSchedule(database, { cron: '* * * * *' });
  await database.query(`update schedules set cron = 'at eight'`);
  const good = await enterSchedule(database);
  const sessions = new Sessions();
  await firing(database, sessions).settle();
  t.deepEqual(await outcomesOf(good), ['submitted']);
  const [fire] = await firesOf(database, broken);
  t.regex(fire?.detail ?? '', /cannot be read/);
});

test.serial('a schedule that was changed, paused or deleted meanwhile is not decided by what it was', async (t) => {
  const sessions = new Sessions();
  const table = createPostgresScheduleTable(database);
  const changed = await enterSchedule(database);
  const deleted = await enterSchedule(database);
  const meddling: ScheduleTable = {
    ...table,
    async decide(decisions) {
      await database.query(`update schedules set version = 2, next_fire_at = null where id = $1::uuid`, [changed]);
      await database.query(`delete from schedules where id = $1::uuid`, [deleted]);
      await table.decide(decisions);
    },
  };
  await firing(database, sessions, meddling).settle();
  t.deepEqual([await outcomesOf(changed), await outcomesOf(deleted), sessions.accepted], [[], [], []]);
});

test.serial('what became of a fire is written down once', async (t) => {
  const id = await enterSchedule(database);
  await firing(database, new Sessions()).settle();
  const [fire] = await firesOf(database, id);
  const table = createPostgresScheduleTable(database);
  await table.record({ sessionId: fire?.sessionId ?? '', outcome: 'skipped', detail: 'Too late.' });
  t.deepEqual(await outcomesOf(id), ['submitted']);
});

test.serial('only so many fires are kept', async (t) => {
  const id = await enterSchedule(database, {
    cron: '* * * * *',
    nextFireAt: `date_trunc('minute', now()) - interval '3 days'`,
  });
  const sessions = new Sessions();
  const one = firing(database, sessions);
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await one.settle();
    await database.query('update schedules set next_fire_at = clock_timestamp()');
  }
  const fires = await outcomesOf(id);
  t.true(fires.length >= 100 && fires.length <= 102, `${fires.length}`);
});
