import { randomUUID } from 'node:crypto';
import test from 'ava';
import { aSchedule, scheduleDraft } from './support/a-schedule.ts';
import { KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
test.beforeEach(() => database().query('truncate schedules, schedule_fires'));

function times<T>(count: number, task: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, task));
}

async function told(responses: readonly Response[]): Promise<(number | object)[]> {
  return Promise.all(
    responses.map(async (response) => (response.ok ? response.status : ((await response.json()) as object))),
  );
}

test.serial('a tenant has so many schedules and no more, however many are entered at once', async (t) => {
  await using api = await startApi(database(), { environment: { API_MAX_SCHEDULES: '3' } });
  const answers = await told(await times(8, () => api.fetch('/v1/schedules', { json: scheduleDraft() })));
  t.is(answers.filter((answer) => answer === 201).length, 3);
  for (const answer of answers.filter((one) => one !== 201))
    t.like(answer, { status: 409, code: 'too_many_schedules' });
  const elsewhere = await api.fetch('/v1/schedules', { key: KEYS.bob, json: scheduleDraft() });
  t.is(elsewhere.status, 201, 'those of others do not count');
});

test.serial(
  'of the most that a tenant may have each can be entered again under its key, and one deleted makes room',
  async (t) => {
    await using api = await startApi(database(), { environment: { API_MAX_SCHEDULES: '1' } });
    const request = { json: scheduleDraft(), headers: { 'idempotency-key': randomUUID() } };
    const [first, again] = [await api.fetch('/v1/schedules', request), await api.fetch('/v1/schedules', request)];
    t.deepEqual([first.status, again.status], [201, 201]);
    const { id } = (await first.json()) as { id: string };
    t.is((await api.fetch('/v1/schedules', { json: scheduleDraft() })).status, 409);
    await api.fetch(`/v1/schedules/${id}`, { method: 'DELETE' });
    t.is((await api.fetch('/v1/schedules', { json: scheduleDraft() })).status, 201);
  },
);

test.serial(
  'ten fires by hand of a schedule wait to be submitted at a time; one that waits may come again',
  async (t) => {
    await using api = await startApi(database());
    const { id } = await aSchedule(api);
    const fire = (key: string) =>
      api.fetch(`/v1/schedules/${id}/fire`, { method: 'POST', headers: { 'idempotency-key': key } });
    const known = randomUUID();
    t.is((await fire(known)).status, 200);
    const answers = await told(await times(12, () => fire(randomUUID())));
    t.is(answers.filter((answer) => answer === 200).length, 9);
    for (const answer of answers.filter((one) => one !== 200)) t.like(answer, { status: 409, code: 'too_many_fires' });
    t.is((await fire(known)).status, 200);
    await database().query(`update schedule_fires set outcome = 'submitted'`);
    t.is((await fire(randomUUID())).status, 200, 'those that were submitted do not count');
  },
);
