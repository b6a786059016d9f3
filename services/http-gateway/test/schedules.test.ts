import { randomUUID } from 'node:crypto';
import type { Problem, Schedule, ScheduleDetail } from '@oio/contracts';
import test from 'ava';
import { aSchedule, scheduleDraft } from './support/a-schedule.ts';
import { aSession } from './support/a-session.ts';
import { type Api, draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);

async function read(response: Response): Promise<ScheduleDetail> {
  return (await response.json()) as ScheduleDetail;
}

function post(api: Api, id: string, action: string, headers: Record<string, string> = {}): Promise<Response> {
  return api.fetch(`/v1/schedules/${id}/${action}`, { method: 'POST', headers });
}

function put(api: Api, id: string, json: object, headers: Record<string, string> = {}): Promise<Response> {
  return api.fetch(`/v1/schedules/${id}`, { method: 'PUT', json, headers });
}

/** A fire with an outcome, as the scheduler writes it down. */
async function fired(scheduleId: string, sessionId: string, outcome: string, minutesAgo: number): Promise<void> {
  await database().query(
    `insert into schedule_fires values ($1::uuid, $2::uuid, now() - make_interval(mins => $3), false, $4, $5)`,
    [sessionId, scheduleId, minutesAgo, outcome, outcome === 'skipped' ? 'One works.' : null],
  );
}

test('a schedule tells its next fires in its time zone, and who made it', async (t) => {
  await using api = await startApi(database());
  const schedule = await aSchedule(api, { cron: '30 8 * * 1-5', timeZone: 'Europe/Berlin' });
  t.like(schedule, { createdBy: 'alice', version: 1, paused: false, overlap: 'skip', catchUpLimit: 1, fires: [] });
  t.is(schedule.nextFires.length, 5);
  t.is(schedule.nextFires[0], schedule.nextFireAt ?? '');
  const hour = new Intl.DateTimeFormat('de', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' });
  for (const at of schedule.nextFires) t.is(hour.format(new Date(at)), '08:30');
  t.true(schedule.nextFires.every((at, index) => at > (schedule.nextFires[index - 1] ?? new Date().toISOString())));
  t.deepEqual(await read(await api.fetch(`/v1/schedules/${schedule.id}`)), schedule);
});

test('the last fires are told with their sessions, and why there is none; what has a session was submitted', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSchedule(api);
  const [first, second] = [await aSession(api), await aSession(api)];
  await fired(id, first.id, 'submitted', 3);
  await fired(id, randomUUID(), 'skipped', 2);
  // Its submission was repeated, too late, by one whose answer had got lost.
  await fired(id, second.id, 'skipped', 1);
  const { fires } = await read(await api.fetch(`/v1/schedules/${id}`));
  t.deepEqual(
    fires.map(({ outcome, session, detail }) => [outcome, session, detail]),
    [
      ['submitted', { id: second.id, status: 'queued' }, null],
      ['skipped', null, 'One works.'],
      ['submitted', { id: first.id, status: 'queued' }, null],
    ],
  );
});

test('paused it does not come due, resumed it goes on with its next fire, and saying so twice changes nothing', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSchedule(api);
  for (const attempt of [1, 2]) {
    const paused = await read(await post(api, id, 'pause'));
    t.like(paused, { paused: true, nextFireAt: null, nextFires: [], version: 2 }, `${attempt}`);
  }
  await database().query(`update schedules set next_fire_at = null where id = $1::uuid`, [id]);
  const resumed = await read(await post(api, id, 'resume'));
  t.like(resumed, { paused: false, version: 3 });
  t.true((resumed.nextFireAt ?? '') > new Date().toISOString());
});

test('what is due by the same line stays due when something else is changed; another line begins anew', async (t) => {
  await using api = await startApi(database());
  const { id, name } = await aSchedule(api);
  const due = '2026-01-01T00:00:00.000Z';
  await database().query(`update schedules set next_fire_at = $2::timestamptz where id = $1::uuid`, [id, due]);
  const changed = await read(await put(api, id, scheduleDraft({ name, overlap: 'queue' })));
  t.like(changed, { overlap: 'queue', nextFireAt: due, version: 2 });
  const other = await read(await put(api, id, scheduleDraft({ name, overlap: 'queue', cron: '0 4 * * *' })));
  t.true((other.nextFireAt ?? '') > new Date().toISOString());
});

test('fired by hand it is written down for the scheduler, once for each key', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSchedule(api);
  await post(api, id, 'pause');
  const key = { 'idempotency-key': randomUUID() };
  await post(api, id, 'fire', key);
  const response = await post(api, id, 'fire', key);
  t.like(await read(response), { fires: [{ byHand: true, outcome: 'pending', session: null }] });
  t.is((await read(await post(api, id, 'fire'))).fires.length, 2);
});

test('it is deleted with its fires, and its sessions stay', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSchedule(api);
  const session = await aSession(api);
  await fired(id, session.id, 'submitted', 1);
  const response = await api.fetch(`/v1/schedules/${id}`, { method: 'DELETE' });
  t.is(response.status, 200);
  t.is((await api.fetch(`/v1/schedules/${id}`)).status, 404);
  t.deepEqual(await database().query('select 1 from schedule_fires where schedule_id = $1::uuid', [id]), []);
  t.is((await api.fetch(`/v1/sessions/${session.id}`)).status, 200);
});

test('a creation that comes again under its key makes one schedule', async (t) => {
  await using api = await startApi(database());
  const request = { json: scheduleDraft(), headers: { 'idempotency-key': randomUUID() } };
  const [first, second] = [await api.fetch('/v1/schedules', request), await api.fetch('/v1/schedules', request)];
  t.deepEqual([first.status, second.status], [201, 201]);
  t.is(second.headers.get('idempotent-replayed'), 'true');
  t.is((await read(second)).id, (await read(first)).id);
});

test('a name is taken once in a tenant', async (t) => {
  await using api = await startApi(database());
  const [one, two] = [await aSchedule(api), await aSchedule(api)];
  const again = await api.fetch('/v1/schedules', { json: scheduleDraft({ name: one.name }) });
  t.is(again.status, 409);
  t.like(await again.json(), { code: 'schedule_name_taken' });
  t.is((await put(api, two.id, scheduleDraft({ name: one.name }))).status, 409);
  const elsewhere = await api.fetch('/v1/schedules', { key: KEYS.bob, json: scheduleDraft({ name: one.name }) });
  t.is(elsewhere.status, 201);
});

test('another version than the one that is meant is left alone', async (t) => {
  await using api = await startApi(database());
  const { id, name } = await aSchedule(api);
  const stale = { 'if-match': '"7"' };
  const answers = [
    await post(api, id, 'pause', stale),
    await post(api, id, 'fire', stale),
    await put(api, id, scheduleDraft({ name }), stale),
    await api.fetch(`/v1/schedules/${id}`, { method: 'DELETE', headers: stale }),
  ];
  t.deepEqual(
    answers.map(({ status }) => status),
    [412, 412, 412, 412],
  );
  t.like(await read(await api.fetch(`/v1/schedules/${id}`)), { version: 1, paused: false, fires: [] });
  t.is((await post(api, id, 'pause', { 'if-match': '"1"' })).status, 200);
});

// Alone: what the others enter would be listed, too.
test.serial('schedules are listed by pages, newest first, and found by name', async (t) => {
  await using api = await startApi(database());
  const all = [await aSchedule(api), await aSchedule(api), await aSchedule(api)].map(({ id }) => id).reverse();
  const ask = async (query: string) =>
    (await (await api.fetch(`/v1/schedules?${query}`)).json()) as { schedules: Schedule[]; nextCursor: string };
  const first = await ask('limit=2');
  const second = await ask(`limit=1&cursor=${first.nextCursor}`);
  t.deepEqual(
    [...first.schedules, ...second.schedules].map(({ id }) => id),
    all,
  );
  const [found] = first.schedules;
  t.like(await ask(`name=${found?.name}`), { schedules: [{ id: found?.id }], nextCursor: null });
});

const refused = test.macro(async (t, part: object, ...fields: string[]) => {
  await using api = await startApi(database());
  const { id, name } = await aSchedule(api);
  const body = scheduleDraft({ name, ...part });
  for (const response of [await api.fetch('/v1/schedules', { json: body }), await put(api, id, body)]) {
    t.is(response.status, 422);
    const { violations = [] } = (await response.json()) as Problem;
    t.deepEqual(
      violations.map(({ field }) => field),
      fields,
    );
  }
});

test('the 31st of February is refused', refused, { cron: '0 0 31 2 *' }, 'cron');
test('a line that cannot be read is refused', refused, { cron: '61 * * * *' }, 'cron');
test('a field for seconds is refused', refused, { cron: '*/5 * * * * *' }, 'cron');
test('an unknown time zone is refused', refused, { timeZone: 'Mars/Olympus' }, 'timeZone');
test('an unknown policy is refused', refused, { overlap: 'kill' }, 'overlap');
test('a limit of -1 is refused', refused, { catchUpLimit: -1 }, 'catchUpLimit');
test('a field of the tenant is refused', refused, { tenant: 'globex' }, 'tenant');
test('a session that could not be submitted is refused', refused, { session: draft({ prompt: '' }) }, 'session.prompt');
test(
  'a session that has no place is refused',
  refused,
  { session: draft({ directory: '/missing', model: 'unknown/model' }) },
  'session.model',
  'session.directory',
);
test(
  'everything that is wrong is told at once',
  refused,
  { cron: '0 0 30 2 *', overlap: 'kill', session: draft({ title: '', directory: '/missing' }) },
  'overlap',
  'session.title',
  'cron',
  'session.directory',
);

test('whoever may only read may not enter one', async (t) => {
  await using api = await startApi(database());
  t.is((await api.fetch('/v1/schedules', { key: KEYS.reader, json: scheduleDraft() })).status, 403);
});
