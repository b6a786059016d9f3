import { ConflictError, InternalError, TimeoutError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { redeliveryPauseMs } from '../src/redelivery.ts';

test('what may pass is tried without end, at pauses that grow to five seconds', (t) => {
  const pauses = [1, 2, 3, 7, 8, 9, 1_000].map((deliveries) =>
    redeliveryPauseMs(new UnavailableError('x'), deliveries),
  );
  t.deepEqual(pauses, [50, 100, 200, 3_200, 5_000, 5_000, 5_000]);
  t.is(redeliveryPauseMs(new TimeoutError('x'), 100), 5_000);
});

test('a bug is tried ten times, here or behind a request', (t) => {
  for (const bug of [new Error('x'), new InternalError('x'), undefined]) {
    t.is(redeliveryPauseMs(bug, 9), 5_000);
    t.is(redeliveryPauseMs(bug, 10), null);
  }
});

test('what retrying never helps is not tried again', (t) => {
  t.is(redeliveryPauseMs(new ConflictError('x'), 1), null);
});
