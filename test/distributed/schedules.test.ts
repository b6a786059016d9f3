import type { NewSchedule, ScheduleDetail, ScheduleFire } from '@oio/contracts';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import type { ServiceProcess } from './support/service-process.ts';
import { type SmallFleet, startSmallFleet } from './support/small-fleet.ts';

const test = anyTest as TestFn<{ fleet: SmallFleet; scheduler: ServiceProcess }>;
/** A turn that ends when it is ended. */
const ENDLESS = 'Work. [[work hang=first]]';
const SHORT = 'Work.';

test.before(async (t) => {
  const fleet = await startSmallFleet();
  t.context.fleet = fleet;
  [t.context.scheduler] = await Promise.all([fleet.start('scheduler'), fleet.start('session-actor')]);
});
test.after.always((t) => t.context.fleet?.[Symbol.asyncDispose]());

async function create(fleet: SmallFleet, prompt: string, more: Partial<NewSchedule> = {}): Promise<ScheduleDetail> {
  const session = { title: `Do as "${prompt}" says`, prompt, model: 'stand-in/m', directory: fleet.directory };
  return fleet.client.createSchedule({ name: crypto.randomUUID(), cron: '0 3 1 1 *', ...more, session });
}

/** Has it come due, as if it were the time, and waits until that is decided; all fires, oldest first. */
async function comesDue({ backing, client }: SmallFleet, id: string): Promise<ScheduleFire[]> {
  const { fires } = await client.getSchedule({ id });
  await backing.database.database.query('update schedules set next_fire_at = clock_timestamp() where id = $1::uuid', [
    id,
  ]);
  return eventually(
    async () => {
      const now = (await client.getSchedule({ id })).fires.toReversed();
      return now.length > fires.length && now.every(({ outcome }) => outcome !== 'pending') ? now : null;
    },
    { withinMs: 30_000, what: 'the fire to be decided' },
  );
}

function sessionOf(fire: ScheduleFire | undefined): string {
  return fire?.session?.id ?? '';
}

function reaches({ client }: SmallFleet, id: string, status: string): Promise<unknown> {
  const what = `session ${id} to be ${status}`;
  return eventually(async () => (await client.getSession({ id })).status === status, {
    withinMs: 30_000,
    what,
  });
}

test.serial('skip: while its session has not ended, what comes due is skipped, and after that it runs', async (t) => {
  const { fleet } = t.context;
  const { id } = await create(fleet, ENDLESS);
  const [first] = await comesDue(fleet, id);
  await reaches(fleet, sessionOf(first), 'running');
  const [, second] = await comesDue(fleet, id);
  t.like(second, { outcome: 'skipped', session: null });
  t.regex(second?.detail ?? '', /have not ended/);
  await fleet.client.stopSession({ id: sessionOf(first) });
  const [, , third] = await comesDue(fleet, id);
  await reaches(fleet, sessionOf(third), 'running');
  await fleet.client.stopSession({ id: sessionOf(third) });
});

test.serial('queue: what comes due waits for the session before it', async (t) => {
  const { fleet } = t.context;
  const { id } = await create(fleet, ENDLESS, { overlap: 'queue' });
  const [first] = await comesDue(fleet, id);
  await reaches(fleet, sessionOf(first), 'running');
  const [, second] = await comesDue(fleet, id);
  t.like(second, { outcome: 'submitted', session: { status: 'queued' } });
  const { waiting } = await fleet.client.getWaiting({ id: sessionOf(second) });
  t.like(waiting?.because, { reason: 'limit', scope: 'concurrencyKey', heldBy: [sessionOf(first)] });
  await fleet.client.stopSession({ id: sessionOf(first) });
  await reaches(fleet, sessionOf(second), 'running');
  await fleet.client.stopSession({ id: sessionOf(second) });
});

test.serial('cancel_running: what comes due takes the place of the session before it', async (t) => {
  const { fleet } = t.context;
  const { id } = await create(fleet, ENDLESS, { overlap: 'cancel_running' });
  const [first] = await comesDue(fleet, id);
  await reaches(fleet, sessionOf(first), 'running');
  const [, second] = await comesDue(fleet, id);
  await reaches(fleet, sessionOf(first), 'stopped');
  t.like((await fleet.client.getSession({ id: sessionOf(first) })).failure, { code: 'superseded' });
  await reaches(fleet, sessionOf(second), 'running');
  await fleet.client.stopSession({ id: sessionOf(second) });
});

test.serial('the scheduler is killed again and again, and each time has one session, with one prompt', async (t) => {
  const { fleet } = t.context;
  const { client, backing } = fleet;
  const { id } = await create(fleet, SHORT, { overlap: 'queue' });
  const rounds = 2;
  for (let round = 0; round < rounds; round += 1) {
    const fires = comesDue(fleet, id);
    // In the midst of it, or right before or after.
    const pending = `select 1 from schedule_fires where schedule_id = $1::uuid offset ${round} limit 1`;
    await eventually(async () => (await backing.database.database.query(pending, [id])).length > 0, { everyMs: 2 });
    t.context.scheduler.signal('SIGKILL');
    await t.context.scheduler.ended();
    t.context.scheduler = await fleet.start('scheduler');
    t.is((await fires).length, round + 1);
  }
  const { fires } = await client.getSchedule({ id });
  const ids = fires.map(({ session }) => session?.id ?? '');
  for (const sessionId of ids) await reaches(fleet, sessionId, 'completed');
  for (const sessionId of ids) t.deepEqual(await fleet.promptsOf(sessionId), [SHORT]);
  const sessions = await backing.database.database.query('select 1 from sessions where concurrency_key = $1', [
    `schedule:${id}`,
  ]);
  t.is(sessions.length, rounds);
});
