import { openDatabase } from '@oio/persistence';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { reaches } from '../support/sessions.ts';
import { databaseUrl } from '../support/truth.ts';
import { orchestrator, place } from './fixture.ts';

const SESSION = { title: 'Count once', prompt: 'short' };

/** The session of the newest fire. */
async function fireOf(id: string) {
  const fire = await eventually(
    async () => {
      const [newest] = (await orchestrator.client.getSchedule({ id })).fires;
      return newest?.outcome === 'pending' ? null : newest;
    },
    { withinMs: 30_000, what: 'the fire' },
  );
  return fire.session?.id ?? '';
}

async function setNextFire(id: string, at: Date): Promise<void> {
  await using database = await openDatabase(await databaseUrl(place), { connections: 1 });
  await database.query('update schedules set next_fire_at = $2 where id = $1::uuid', [id, at.toISOString()]);
}

test.serial('what comes due runs to its end, and leaves a commit', async (t) => {
  const { client } = orchestrator;
  const entry = { name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', session: SESSION };
  const { id, nextFireAt } = await client.createSchedule(entry);
  t.is(
    new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin', hour: '2-digit' }).format(new Date(nextFireAt ?? '')),
    '03 Uhr',
  );
  // As if it were the time.
  await setNextFire(id, new Date());
  const session = await reaches(orchestrator, await fireOf(id), 'completed');
  t.is(place.git('show', `${session.commit}:count.txt`), 'ran\n');
  t.is((await client.getSchedule({ id })).nextFireAt, nextFireAt);
});

test.serial(
  'what was missed while it was not there is made up for, and a schedule whose session is impossible is refused',
  async (t) => {
    const { client } = orchestrator;
    const bad = { name: 'bad', cron: '0 0 31 2 *', session: { ...SESSION, directory: '/nowhere' } };
    const error = await t.throwsAsync(client.createSchedule(bad));
    const { violations } = error as unknown as { violations: { field: string }[] };
    t.deepEqual(
      violations.map(({ field }) => field),
      ['cron', 'session.directory'],
    );
    const { id } = await client.createSchedule({ name: 'yearly', cron: '0 3 1 1 *', session: SESSION });
    await orchestrator.kill();
    await setNextFire(id, new Date('2020-01-01T03:00:00Z'));
    await orchestrator.startAgain();
    const session = await reaches(orchestrator, await fireOf(id), 'completed');
    t.is(session.createdBy, (await orchestrator.client.getSchedule({ id })).createdBy);
    const { fires } = await orchestrator.client.getSchedule({ id });
    const [newest, ...others] = fires.map(({ outcome }) => outcome);
    t.is(newest, 'submitted');
    t.true(others.length > 5 && others.every((outcome) => outcome === 'missed'));
  },
);
