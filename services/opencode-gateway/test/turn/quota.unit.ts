import { failureOf } from '@oio/domain';
import test from 'ava';
import { isNamedByProvider, modelInUse, withQuota } from '../../src/turn/quota.ts';
import { reply, userMessage } from '../support/messages.ts';

const NOW_MS = Date.UTC(2031, 0);
const IN_USE = { model: 'a/x', byDefault: true };
const QUOTA = { ...IN_USE, nowMs: NOW_MS };
const limited = failureOf('rate_limited', 'Slow down.');

test('a pause that OpenCode would make of itself is none that the provider has named', (t) => {
  const retry = (attempt: number) => ({ type: 'retry', attempt, message: '', nextAtMs: 0 }) as const;
  for (const [attempt, longestMs] of [
    [1, 2_500],
    [2, 5_000],
    [5, 40_000],
  ] as const) {
    t.false(isNamedByProvider(retry(attempt), longestMs));
    t.true(isNamedByProvider(retry(attempt), longestMs + 1));
  }
});

test('a refusal for a time tells the model and until when', (t) => {
  const resetAtMs = NOW_MS + 3_600_000;
  const resetAt = new Date(resetAtMs).toISOString();
  t.deepEqual(withQuota(limited, resetAtMs, QUOTA).quota, { model: 'a/x', resetAt, byDefault: true });
  t.is(withQuota(failureOf('provider_unavailable'), resetAtMs, QUOTA).quota, undefined);
});

for (const [what, resetAtMs] of [
  ['none', null],
  ['one in the past', NOW_MS - 1],
  ['NaN', Number.NaN],
] as const)
  test(`${what} is no time to wait for`, (t) => {
    t.is(withQuota(limited, resetAtMs, QUOTA), limited);
  });

test('a time that no calendar has is one that can be written', (t) => {
  t.is(withQuota(limited, Number.MAX_VALUE, QUOTA).quota?.resetAt, '9999-01-01T00:00:00.000Z');
  t.is(withQuota(limited, Number.POSITIVE_INFINITY, QUOTA).quota?.resetAt, '9999-01-01T00:00:00.000Z');
});

test('the model is the one that the messages tell, else the one that was chosen', (t) => {
  t.is(modelInUse([userMessage()], IN_USE), IN_USE);
  const messages = [
    userMessage(),
    reply(1, { model: 'a/old' }),
    reply(2, { model: 'b/new' }),
    reply(3, { model: null }),
  ];
  t.deepEqual(modelInUse(messages, IN_USE), { model: 'b/new', byDefault: true });
});
