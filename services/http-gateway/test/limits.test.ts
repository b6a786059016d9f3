import { explainWaiting, limitsChanged } from '@oio/contracts';
import test from 'ava';
import { aSession } from './support/a-session.ts';
import { type Api, KEYS, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const key = KEYS.operator;
const RULE = { scope: 'tenant', name: 'acme', concurrent: 5, startsPerMinute: null, weight: 2 };

async function put(api: Api, limits: unknown) {
  const response = await api.fetch('/v1/limits', { method: 'PUT', key, json: { limits } });
  return { status: response.status, body: (await response.json()) as { violations?: { field: string }[] } };
}

test('an operator sets the limits all at once, and whoever keeps them is told', async (t) => {
  await using api = await startApi(database());
  let told = 0;
  await using stack = new AsyncDisposableStack();
  stack.defer(await api.bus.subscribe([limitsChanged], { handler: () => void (told += 1) }));
  t.like(await put(api, [{ scope: 'global', concurrent: 3 }]), { status: 200 });
  t.like(await put(api, [RULE]), { status: 200, body: { limits: [RULE] } });
  const response = await api.fetch('/v1/limits', { key });
  t.deepEqual(await response.json(), { limits: [RULE] });
  t.is(told, 2);
});

const refused = test.macro(async (t, limits: unknown, ...fields: string[]) => {
  await using api = await startApi(database());
  const { status, body } = await put(api, limits);
  t.is(status, 422);
  t.deepEqual(
    body.violations?.map((violation) => violation.field),
    fields,
  );
});

test('a limit of -1 is refused', refused, [{ scope: 'global', concurrent: -1 }], 'limits.0.concurrent');
test('a rate of nothing is refused', refused, [{ scope: 'model', startsPerMinute: 0 }], 'limits.0.startsPerMinute');
test('weights that sum to nothing are refused', refused, [{ scope: 'tenant', weight: 0 }], 'limits.0.weight');
test(
  'a weight of something else than a tenant is refused',
  refused,
  [{ scope: 'model', weight: 1 }],
  'limits.0.weight',
);
test('two rules for the same are refused', refused, [{ scope: 'model' }, { scope: 'model' }], 'limits.1.name');
test(
  'a directory that no session can be in is refused',
  refused,
  [{ scope: 'directory', name: 'relative/project', concurrent: 1 }],
  'limits.0.name',
);
test(
  'a directory that ends in a slash is refused: no session calls its own so',
  refused,
  [
    { scope: 'directory', name: '/', concurrent: 1 },
    { scope: 'directory', name: '/home/project', concurrent: 1 },
    { scope: 'directory', name: '/home/project/', concurrent: 1 },
    { scope: 'directory', name: '/home/../project', concurrent: 1 },
  ],
  'limits.2.name',
  'limits.3.name',
);
test(
  'a model without its provider is refused',
  refused,
  [{ scope: 'model', name: 'claude', concurrent: 1 }],
  'limits.0.name',
);

test('a rule that was stored before names were looked at is read all the same', async (t) => {
  await using api = await startApi(database());
  const stored = { ...RULE, scope: 'model', weight: null };
  await put(api, [RULE]);
  await database().query(`update limits set rules = $1::json`, [JSON.stringify([stored])]);
  const response = await api.fetch('/v1/limits', { key });
  t.deepEqual(await response.json(), { limits: [stored] });
});

test('an unknown scope is refused', refused, [{ scope: 'planet' }], 'limits.0.scope');

test('why a session waits is the answer of the active scheduler; without one that is said', async (t) => {
  await using api = await startApi(database());
  const { id } = await aSession(api);
  const ask = (who: string) => api.fetch(`/v1/sessions/${id}/waiting`, { key: who });
  const without = await ask(KEYS.alice);
  t.is(without.status, 503);
  t.like(await without.json(), { code: 'no_scheduler' });
  const asking = ask(KEYS.alice);
  // Refused at once, it would be over before all of these are answered.
  for (let number = 0; number < 10; number += 1) await api.fetch(`/v1/sessions/${id}`);
  const waiting = {
    because: { reason: 'turn' as const },
    position: 1,
    waitingSince: '2026-01-01T00:00:00.000Z',
    estimatedStart: null,
  };
  await using stack = new AsyncDisposableStack();
  stack.defer(await api.bus.serve(explainWaiting, async () => ({ waiting })));
  t.deepEqual(await (await asking).json(), { waiting }, 'between two schedulers the next one is waited for');
  t.deepEqual(await (await ask(KEYS.alice)).json(), { waiting });
});
