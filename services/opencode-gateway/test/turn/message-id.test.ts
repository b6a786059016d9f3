import test from 'ava';
import fc from 'fast-check';
import { messageIdOf } from '../../src/turn/message-id.ts';

// OpenCode's ids hold the low 48 bits of the time and begin anew every 795 days, next in October 2028.
const instant = fc.integer({ min: 26 * 2 ** 36, max: 27 * 2 ** 36 - 1 });

test('a message id has the form of OpenCode and is the same for the same attempt', (t) => {
  t.is(messageIdOf(1_795_363_874_960, 'session:1'), messageIdOf(1_795_363_874_960, 'session:1'));
  t.regex(messageIdOf(1_795_363_874_960, 'session:1'), /^msg_20406a890000[0-9A-Za-z]{14}$/);
});

test('message ids of different attempts differ', (t) => {
  t.not(messageIdOf(1, 'session:1'), messageIdOf(1, 'session:2'));
});

test('message ids sort by time', (t) => {
  fc.assert(
    fc.property(instant, instant, (a, b) => {
      const sorted = [a, b].toSorted((x, y) => x - y).map((at) => messageIdOf(at, 'x'));
      t.deepEqual(sorted.toSorted(), sorted);
    }),
  );
});
