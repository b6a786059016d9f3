import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { RefusalCounts } from '../../src/refusal-counts.ts';
import { draft, KEYS, startApi, withDatabase } from '../support/start-api.ts';

const database = withDatabase(test);
const BAD = { route: 'createSession', code: 'invalid', tenant: 'acme' };

function counting() {
  const clock = { nowMs: 5_000, monotonicMs: () => clock.nowMs };
  const counts = new RefusalCounts(clock);
  const admitted = (kind: typeof BAD, times: number) =>
    Array.from({ length: times }, () => counts.admits(kind)).filter(Boolean).length;
  return { clock, counts, admitted };
}

test('the first refusals of an interval are told one by one, the others by their number when it is over', (t) => {
  const { clock, counts, admitted } = counting();
  t.is(admitted(BAD, 1_000), 20);
  clock.nowMs += 9_999;
  t.deepEqual(counts.leftOut({ now: false }), []);
  clock.nowMs += 1;
  t.deepEqual(counts.leftOut({ now: false }), [{ ...BAD, leftOut: 980 }]);
  t.deepEqual(counts.leftOut({ now: false }), []);
  t.is(admitted(BAD, 30), 20);
  t.deepEqual(counts.leftOut({ now: false }), []);
  t.deepEqual(counts.leftOut({ now: true }), [{ ...BAD, leftOut: 10 }]);
});

test('another route, code or tenant is told by itself', (t) => {
  const { counts, admitted } = counting();
  for (const kind of [BAD, { ...BAD, route: 'getSession' }, { ...BAD, code: 'conflict' }, { ...BAD, tenant: 'globex' }])
    t.is(admitted(kind, 25), 20);
  t.deepEqual(
    counts.leftOut({ now: true }).map(({ leftOut }) => leftOut),
    [5, 5, 5, 5],
  );
});

test('beyond some hundred kinds all are counted as one, so that memory and log stay bounded', (t) => {
  const { counts } = counting();
  const told = Array.from({ length: 10_000 }, (_, index) => counts.admits({ ...BAD, code: `code-${index}` }));
  t.is(told.filter(Boolean).length, 520);
  t.deepEqual(counts.leftOut({ now: true }), [{ route: null, code: 'others', tenant: undefined, leftOut: 9_480 }]);
});

test('a flood of bad requests fills the log with a few lines; what succeeds, and bugs, are told each', async (t) => {
  const api = await startApi(database());
  const linesOf = (matches: (line: Record<string, unknown>) => boolean) =>
    api.log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(matches).length;
  const told = (status: number) => linesOf(({ msg, status: own }) => msg === 'request' && own === status);
  for (let sent = 0; sent < 60; sent += 1) {
    await api.fetch('/v1/sessions', { json: draft({ title: '' }) });
    await api.fetch('/v1/sessions', { key: 'wrong' });
    t.is((await api.fetch('/v1/sessions?tag=none', { key: KEYS.reader })).status, 200);
  }
  await eventually(() => told(200) === 60, { what: 'the last line' });
  await api[Symbol.asyncDispose]();
  t.is(told(422), 20);
  t.is(told(401), 20);
  t.is(told(200), 60);
  const left = api.log.filter((line) => line.includes('left out of the log')).map((line) => JSON.parse(line) as object);
  t.is(left.length, 2);
  t.like(left[0], { route: 'createSession', tenant: 'acme', leftOut: 40 });
  t.like(left[1], { route: 'listSessions', code: 'invalid_token', leftOut: 40 });
});

test('a bug is told however often it comes', async (t) => {
  await using api = await startApi(database(), {
    ports: {
      authenticator: {
        async authenticate() {
          throw new TypeError('a bug');
        },
      },
    },
  });
  for (let sent = 0; sent < 40; sent += 1) t.is((await api.fetch('/v1/sessions')).status, 500);
  const lines = () => api.log.filter((line) => line.includes('"msg":"request"')).length;
  await eventually(() => lines() >= 40, { what: 'a line of each' });
  t.is(lines(), 40);
});
