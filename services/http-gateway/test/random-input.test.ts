import { type Route, routes } from '@oio/contracts';
import test from 'ava';
import fc from 'fast-check';
import { aRunningSession } from './support/a-session.ts';
import { draft, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const RUNS = 60;

/** Text with everything that is awkward somewhere: NUL, halves of pairs, control characters, path and wildcard signs. */
const awkward = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    '../..',
    '*',
    '>',
    '%00',
    "'; drop table sessions; --",
    '𝒳'.repeat(300),
    '1e999',
    '-0',
  ),
);
const awkwardJson = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), awkward, fc.double(), fc.bigInt().map(Number));

for (const [name, route] of Object.entries(routes as Record<string, Route>).filter(([, { body }]) => body)) {
  test(`whatever ${name} gets as a body, it is no bug`, async (t) => {
    await using api = await startApi(database());
    const { id } = await aRunningSession(api);
    const fields = Object.fromEntries(
      Object.keys((route.body as { shape?: object }).shape ?? {}).map((field) => [field, awkwardJson]),
    );
    const bodies = fc.oneof(
      awkwardJson,
      fc.record(fields, { requiredKeys: [] }),
      fc.record(fields, { requiredKeys: [] }).map((some) => draft({ ...some, start: false })),
      fc.dictionary(awkward, awkwardJson).map((some) => draft(some)),
    );
    const property = fc.asyncProperty(bodies, async (json) => {
      const response = await api.fetch(route.path.replace('{id}', id), { json });
      t.true(response.status < 500, `${response.status} ${await response.text()}`);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
}

for (const [name, route] of Object.entries(routes as Record<string, Route>).filter(
  ([, { query, params, reply }]) => (query ?? params) && reply !== 'text/event-stream',
)) {
  test(`whatever ${name} gets in its address, it is no bug`, async (t) => {
    await using api = await startApi(database());
    const fields = Object.fromEntries(Object.keys(route.query?.shape ?? {}).map((field) => [field, awkward]));
    const property = fc.asyncProperty(fc.record(fields, { requiredKeys: [] }), awkward, async (some, id) => {
      const query = new URLSearchParams(some as Record<string, string>).toString();
      const path = route.path.replace('{id}', encodeURIComponent(id.toWellFormed()));
      const key = route.scope === 'operator' ? KEYS.operator : KEYS.alice;
      const response = await api.fetch(`${path}?${query}`, { method: route.method, key });
      t.true(response.status < 500, `${response.status} ${await response.text()}`);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
}
