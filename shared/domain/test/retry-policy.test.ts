import { STATUSES } from '@oio/contracts';
import test from 'ava';
import fc from 'fast-check';
import { isRecoverable, RETRY_BACKOFF, retryDelayMs } from '../src/index.ts';
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

test('the pauses double from two seconds to a minute', (t) => {
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 50].map((retries) => retryDelayMs(retries, 0.5)),
    [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000],
  );
});

test('a pause is spread by a fifth to both sides, and never more', (t) => {
  t.is(retryDelayMs(0, 0), 1_600);
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const property = fc.property(fc.nat(2_000), chance, (retries, random) => {
    const base = Math.min(RETRY_BACKOFF.longestMs, RETRY_BACKOFF.firstMs * RETRY_BACKOFF.factor ** retries);
    const delay = retryDelayMs(retries, random);
    return Number.isInteger(delay) && delay >= base * 0.8 - 1 && delay <= base * 1.2 + 1;
  });
  t.notThrows(() => fc.assert(property));
});
