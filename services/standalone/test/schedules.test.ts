import { openTestDatabase, type TestDatabase } from '@oio/persistence/testing';
import { eventually } from '@oio/runtime/testing';
import { startScriptedModel } from '@oio/scripted-model';
import test from 'ava';
import { type Orchestrator, startOrchestrator } from './support/orchestrator.ts';
import { makePlace, type Place } from './support/place.ts';
import { makeTurns, reaches, warmUp } from './support/sessions.ts';

const stack = new AsyncDisposableStack();
let place: Place;
let database: TestDatabase['database'];
let start: () => Promise<Orchestrator>;
let orchestrator: Orchestrator;
const SESSION = { title: 'Count once', prompt: 'short' };

test.before(async () => {
  place = stack.use(await makePlace());
  const model = stack.use(await startScriptedModel({ scripts: makeTurns().scripts, tokenDelayMs: 1 }));
  const opened = stack.use(await openTestDatabase());
  database = opened.database;
  start = () => startOrchestrator(place, model, { DATABASE_URL: opened.url });
  orchestrator = await start();
  stack.defer(() => orchestrator[Symbol.asyncDispose]());
  await warmUp(orchestrator);
});
test.after.always(() => stack.disposeAsync());

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

test.serial('what comes due runs to its end, and leaves a commit', async (t) => {
  const { client } = orchestrator;
  const entry = { name: 'nightly', cron: '0 3 * * *', timeZone: 'Europe/Berlin', session: SESSION };
  const { id, nextFireAt } = await client.createSchedule(entry);
  t.is(
    new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin', hour: '2-digit' }).format(new Date(nextFireAt ?? '')),
    '03 Uhr',
  );
  // As if it were the time.
  await database.query('update schedules set next_fire_at = clock_timestamp()');
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
    await orchestrator[Symbol.asyncDispose]();
    await database.query(`update schedules set next_fire_at = '2020-01-01T03:00:00Z' where id = $1::uuid`, [id]);
    orchestrator = await start();
    const session = await reaches(orchestrator, await fireOf(id), 'completed');
    t.is(session.createdBy, (await orchestrator.client.getSchedule({ id })).createdBy);
    const { fires } = await orchestrator.client.getSchedule({ id });
    const [newest, ...others] = fires.map(({ outcome }) => outcome);
    t.is(newest, 'submitted');
    t.true(others.length > 5 && others.every((outcome) => outcome === 'missed'));
  },
);
