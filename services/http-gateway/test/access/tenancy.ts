import { type Route, routes } from '@oio/contracts';
import test from 'ava';
import { aSchedule, scheduleDraft } from '../support/a-schedule.ts';
import { anApproval, aRunningSession } from '../support/a-session.ts';
import { type Api, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
/** Where an empty body would be refused before anything is looked for. */
const BODIES: Readonly<Record<string, object>> = {
  answerApproval: { action: 'allow' },
  revertSession: { checkpoint: 1 },
  queuePrompt: { prompt: 'Go on.' },
  forkSession: { checkpoint: 1, prompt: 'Go on.' },
  replaceSchedule: scheduleDraft(),
};
const UNKNOWN = '019aa0e0-0000-7000-8000-000000000000';

// From the routes themselves, so that a new one cannot dodge it. What belongs to no tenant only an operator may see.
const withId = Object.entries(routes as Record<string, Route>).filter(([, { params }]) => params);
for (const [name, route] of withId.filter(([, { scope }]) => scope !== 'operator')) {
  test(`${name} answers another tenant's id exactly like an unknown one`, async (t) => {
    await using api = await startApi(database());
    const { id } = await aRunningSession(api);
    const ownId = await ownOf(api, route, id);
    const [{ version } = { version: 0 }] = await database().query<{ version: number }>(
      'select version::int as version from sessions where id = $1::uuid',
      [id],
    );
    const ask = async (asked: string, headers: Record<string, string>) => {
      const response = await api.fetch(route.path.replace('{id}', asked), {
        method: route.method,
        ...(BODIES[name] && { json: BODIES[name] }),
        key: KEYS.bob,
        headers,
      });
      const ofItself = ['x-correlation-id', 'date'];
      const compared = [...response.headers].filter(([header]) => !ofItself.includes(header));
      return { status: response.status, body: await response.text(), headers: compared };
    };
    const several: Record<string, string>[] = [{}, { 'if-match': `"${version}"` }, { 'last-event-id': '1' }];
    for (const headers of several) {
      const foreign = await ask(ownId, headers);
      t.is(foreign.status, 404);
      t.deepEqual(foreign, await ask(UNKNOWN, headers));
    }
    const mine = await api.fetch(`/v1/sessions/${id}`);
    t.like(await mine.json(), { status: 'running', version });
  });
}

/** The id of something of the kind that the route is about. */
async function ownOf(api: Api, { path }: Route, sessionId: string): Promise<string> {
  if (path.startsWith('/v1/approvals')) return (await anApproval(api, sessionId)).id;
  return path.startsWith('/v1/schedules') ? (await aSchedule(api)).id : sessionId;
}

test('a list shows nothing of another tenant', async (t) => {
  await using api = await startApi(database());
  const { id } = await aRunningSession(api);
  await anApproval(api, id);
  await aSchedule(api);
  t.deepEqual(await (await api.fetch('/v1/schedules', { key: KEYS.bob })).json(), { schedules: [], nextCursor: null });
  t.deepEqual(await (await api.fetch('/v1/approvals', { key: KEYS.bob })).json(), { approvals: [], nextCursor: null });
  t.deepEqual(await (await api.fetch('/v1/sessions', { key: KEYS.bob })).json(), { sessions: [], nextCursor: null });
});
