import type { Database } from '@oio/persistence';
import { openTestDatabase } from '@oio/persistence/testing';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createPostgresScheduleTable } from '../src/adapters/postgres-schedule-table.ts';
import type { ScheduleTable } from '../src/ports.ts';
import { DEATHS, Deaths } from './support/deaths.ts';
import { firing, Sessions } from './support/firing.ts';
import { enterSchedule, firesOf } from './support/schedules.ts';

const ROUNDS = 6;
const DUE = 'select 1 from schedules where next_fire_at <= now()';
const PENDING = `select 1 from schedule_fires where outcome = 'pending'`;

test('whoever dies wherever, and however many act at once, each time has one session', async (t) => {
  await using opened = await openTestDatabase();
  const { database } = opened;
  const [sessions, deaths] = [new Sessions(), new Deaths(7)];
  deaths.among(sessions);
  const table = deaths.around(createPostgresScheduleTable(database));
  const ids = await Promise.all(Array.from({ length: 20 }, () => enterSchedule(database, { catchUpLimit: 50 })));
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0) await database.query('update schedules set next_fire_at = clock_timestamp()');
    await untilDecided(database, sessions, table);
  }
  deaths.isOver = true;
  t.true(
    await eventually(async () => {
      await firing(database, sessions, table).settle();
      return (await database.query(PENDING)).length === 0;
    }),
  );
  t.deepEqual([...deaths.seen].toSorted(), [...DEATHS].toSorted());
  const fires = (await Promise.all(ids.map((id) => firesOf(database, id)))).flat();
  t.is(fires.length, ids.length * ROUNDS);
  t.true(fires.every(({ outcome }) => outcome === 'submitted'));
  t.deepEqual(
    sessions.accepted.map(({ envelope }) => envelope.sessionId).toSorted(),
    fires.map(({ sessionId }) => sessionId).toSorted(),
  );
});

/** Two at a time hold themselves for the active one, each in the midst of something when the next takes over. */
async function untilDecided(database: Database, sessions: Sessions, table: ScheduleTable): Promise<void> {
  do {
    const looks = [0, 1].map(() => firing(database, sessions, table).look());
    await Promise.allSettled(looks);
  } while ((await database.query(DUE)).length > 0);
}
