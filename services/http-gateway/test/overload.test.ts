import { createInProcessOwnerDirectory, createSessionRouter, type SessionRouter } from '@oio/ownership';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { type Api, draft, startApi, withDatabase } from './support/start-api.ts';

const database = withDatabase(test);
const ORDERS = { most: 100, fewest: 8, targetMs: 40 };

/** Workers that take one order at a time, each for some milliseconds: what comes on top waits in line. */
function slowRouter(takesMs: number) {
  let inner: SessionRouter | undefined;
  let line: Promise<unknown> = Promise.resolve();
  const seen = { underWay: 0, most: 0, orders: 0 };
  const send: SessionRouter['send'] = async (...order) => {
    seen.orders += 1;
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    const turn = line.then(() => after(takesMs));
    line = turn;
    await turn;
    seen.underWay -= 1;
    if (!inner) throw new Error('The router is not in use yet.');
    return inner.send(...order);
  };
  const use = (api: Api): void => {
    inner = createSessionRouter(api.bus, createInProcessOwnerDirectory());
  };
  return { router: { send }, seen, use };
}

test('at more than it can take, the rest is refused at once, what is taken does not wait long, and then all is well', async (t) => {
  const { router, seen, use } = slowRouter(4);
  await using api = await startApi(database(), { limits: { orders: ORDERS }, ports: { router } });
  use(api);
  const refusals: Response[] = [];
  let accepted = 0;
  const client = async (): Promise<void> => {
    for (let order = 0; order < 20; order += 1) {
      const response = await api.fetch('/v1/sessions', { json: draft() });
      if (response.status === 201) accepted += 1;
      else refusals.push(response);
    }
  };
  await Promise.all(Array.from({ length: 150 }, client));
  t.true(refusals.length > 0);
  t.true(accepted > 0);
  t.is(seen.orders, accepted, 'nothing of what was refused got anywhere');
  for (const response of refusals) {
    t.is(response.status, 503);
    t.is(response.headers.get('retry-after'), '1');
    t.like(await response.json(), { code: 'overloaded' });
  }
  t.true(api.log.some((line) => line.includes('requests refused by overload')));
  seen.most = 0;
  await Promise.all(Array.from({ length: ORDERS.most }, () => api.fetch('/v1/sessions', { json: draft() })));
  t.true(seen.most < ORDERS.most / 2, `${seen.most} were let in although most would have waited too long`);
  for (let order = 0; order < 20; order += 1) t.is((await api.fetch('/v1/sessions', { json: draft() })).status, 201);
});

test('reads are answered while orders are refused', async (t) => {
  const never: Pick<SessionRouter, 'send'> = { send: () => new Promise(() => undefined) };
  await using api = await startApi(database(), {
    limits: { orders: { ...ORDERS, fewest: 2, most: 2 }, answerMs: 60_000, shutdownMs: 10 },
    ports: { router: never },
  });
  const hanging = Array.from({ length: 4 }, () => api.fetch('/v1/sessions', { json: draft() }).catch(() => null));
  const refused = await eventually(async () => {
    const response = await api.fetch('/v1/sessions', { json: draft(), signal: AbortSignal.timeout(500) });
    return response.status === 503;
  });
  t.true(refused);
  t.is((await api.fetch('/v1/sessions')).status, 200);
  t.is((await api.fetch('/health/live')).status, 200);
  t.is(hanging.length, 4);
});

function after(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(() => resolve(), ms);
  return promise;
}
