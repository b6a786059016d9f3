import { STATUSES } from '@oio/contracts';
import test from 'ava';
import fc from 'fast-check';
import {
  automaticRetryMs,
  FAILURES,
  failureOf,
  isRecoverable,
  LONGEST_RETRY_AFTER_MS,
  retryDelayMs,
  type RetryRule,
} from '../src/index.ts';
import { after, failed, prepared, SESSION_IN, submitted } from './sessions.ts';

const RECOVERABLE = ['failed', 'timeout', 'stopped'];

for (const status of STATUSES) {
  const may = RECOVERABLE.includes(status);
  test(`a ${status} session with a checkpoint is ${may ? '' : 'not '}recoverable`, (t) => {
    const snapshot = { ...SESSION_IN[status](), checkpoints: SESSION_IN.running().checkpoints };
    t.is(isRecoverable(snapshot), may);
    t.false(isRecoverable({ ...snapshot, checkpoints: { count: 0, last: null } }));
    t.false(isRecoverable({ ...snapshot, retries: 3 }));
    t.is(isRecoverable({ ...snapshot, retries: 2 }), may);
  });
}

test('a session is retried three times and not a fourth', (t) => {
  let session = failed(prepared(submitted()), 'internal');
  for (let retry = 1; retry <= 3; retry += 1) {
    t.true(isRecoverable(session));
    session = failed(prepared(after(session, 'retry', {})), 'internal');
    t.is(session.retries, retry);
  }
  t.false(isRecoverable(session));
  t.throws(() => after(session, 'retry', {}), { message: /retried 3 times, the most allowed/ });
});

const FACTS = { retries: 0, maxRetries: 100, retryAfterMs: null, random: 0.5 };

for (const [code, { retry }] of Object.entries(FAILURES) as [keyof typeof FAILURES, { retry: RetryRule | string }][]) {
  if (typeof retry === 'string') {
    test(`the failure ${code} is never retried by itself, whatever the provider asks for`, (t) => {
      t.is(automaticRetryMs(failureOf(code), { ...FACTS, retryAfterMs: 1_000 }), null);
    });
    continue;
  }
  test(`the failure ${code} is retried as its row says, and not more often`, (t) => {
    const pauses = Array.from({ length: retry.limit }, (_, retries) =>
      automaticRetryMs(failureOf(code), { ...FACTS, retries }),
    );
    t.deepEqual(
      pauses,
      pauses.map((_, retries) => Math.min(retry.longestMs, retry.firstMs * retry.factor ** retries)),
    );
    t.is(automaticRetryMs(failureOf(code), { ...FACTS, retries: retry.limit }), null);
    t.is(automaticRetryMs(failureOf(code), { ...FACTS, maxRetries: 0 }), null);
  });
}

test('a retry comes no sooner than the provider asks for, and not at all when that is more than a day', (t) => {
  const failure = failureOf('rate_limited');
  t.is(automaticRetryMs(failure, { ...FACTS, retryAfterMs: 3_600_000 }), 3_600_000);
  t.is(automaticRetryMs(failure, { ...FACTS, retryAfterMs: 1 }), 10_000);
  t.is(automaticRetryMs(failure, { ...FACTS, retryAfterMs: LONGEST_RETRY_AFTER_MS + 1 }), null);
});

test('a retry comes when the provider says that the quota is filled again, no later, and no more often than the row says', (t) => {
  const quota = { model: 'a/x', resetAt: '2026-01-01T00:00:05.000Z', byDefault: false };
  const failure = { ...failureOf('retry_wait_too_long'), quota };
  t.is(automaticRetryMs(failure, { ...FACTS, retries: 2, retryAfterMs: 5_000 }), 5_000);
  t.is(automaticRetryMs(failure, { ...FACTS, retries: 3, retryAfterMs: 5_000 }), null);
  t.is(automaticRetryMs(failure, { ...FACTS, retryAfterMs: LONGEST_RETRY_AFTER_MS + 1 }), null);
});

test('a code that only another version knows is retried if that version says that it passes', (t) => {
  const failure = { code: 'toString', message: 'New.', transient: true };
  t.is(automaticRetryMs(failure, FACTS), 2_000);
  t.is(automaticRetryMs({ ...failure, transient: false }, FACTS), null);
});

test('a pause is spread by its jitter to both sides, and never more', (t) => {
  const rule = { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 };
  t.is(retryDelayMs(rule, 0, 0), 1_600);
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const property = fc.property(fc.nat(2_000), chance, (retries, random) => {
    const base = Math.min(rule.longestMs, rule.firstMs * rule.factor ** retries);
    const delay = retryDelayMs(rule, retries, random);
    return Number.isInteger(delay) && delay >= base * 0.8 - 1 && delay <= base * 1.2 + 1;
  });
  t.notThrows(() => fc.assert(property));
});
