import { type Route, routes } from '@oio/contracts';
import test from 'ava';
import { draft, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const protectedRoutes = Object.entries(routes as Record<string, Route>).filter(([, { scope }]) => scope !== 'public');
const pathOf = ({ path }: Route) => path.replace('{id}', '019aa0e0-0000-7000-8000-000000000000');

for (const [name, route] of protectedRoutes) {
  test(`${name} refuses without, with garbled and with wrong credentials, before it looks at the request`, async (t) => {
    await using api = await startApi(database());
    for (const authorization of [
      '',
      'Bearer',
      'Bearer wrong',
      'Basic YWxpY2U6eA==',
      `Bearer ${KEYS.alice}x`,
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      `bearer ${KEYS.alice} ${KEYS.alice}`,
    ]) {
      const response = await api.fetch(pathOf(route), {
        method: route.method,
        key: null,
        ...(authorization && { headers: { authorization } }),
      });
      t.is(response.status, 401, authorization);
      t.is(response.headers.get('www-authenticate'), 'Bearer realm="oio"');
      t.is(response.headers.get('content-type'), 'application/problem+json');
    }
  });
}

test('credentials that may only read cannot change anything', async (t) => {
  await using api = await startApi(database());
  t.is((await api.fetch('/v1/sessions', { key: KEYS.reader })).status, 200);
  const response = await api.fetch('/v1/sessions', { json: draft(), key: KEYS.reader });
  t.is(response.status, 403);
  t.like(await response.json(), { code: 'missing_scope', facts: { scope: 'write' } });
  t.deepEqual(api.actor.received, []);
});

test('health and the API document need no credentials', async (t) => {
  await using api = await startApi(database());
  for (const path of ['/health/live', '/health/ready', '/openapi.json'])
    t.is((await api.fetch(path, { key: null })).status, 200);
});

test('no key is ever logged', async (t) => {
  await using api = await startApi(database());
  await api.fetch('/v1/sessions');
  await api.fetch(`/v1/sessions?tag=${KEYS.bob}`, { key: `${KEYS.reader}-wrong` });
  t.true(api.log.length > 0);
  t.false(api.log.some((line) => Object.values(KEYS).some((key) => line.includes(key))));
});
