import test from 'ava';
import { Backoff } from '../src/backoff.ts';
import { ManualClock } from './support/manual-clock.ts';

test('each failure in a row keeps away for twice as long, up to the longest', (t) => {
  const clock = new ManualClock();
  const backoff = new Backoff({ clock, firstMs: 100, longestMs: 300 });
  const pauses: number[] = [];
  for (let failure = 1; failure <= 4; failure += 1) {
    t.is(backoff.fail('a'), failure);
    let pausedMs = 0;
    for (; backoff.isCooling('a'); pausedMs += 100) clock.advance(100);
    pauses.push(pausedMs);
  }
  t.deepEqual(pauses, [100, 200, 300, 300]);
});

test('a success starts anew, and one key does not touch another', (t) => {
  const backoff = new Backoff({ clock: new ManualClock(), firstMs: 100, longestMs: 300 });
  backoff.fail('a');
  backoff.fail('b');
  t.deepEqual(backoff.cooling(), ['a', 'b']);
  backoff.succeed('a');
  t.deepEqual(backoff.cooling(), ['b']);
  t.is(backoff.fail('a'), 1);
});

test('what has not failed again for long is forgotten', (t) => {
  const clock = new ManualClock();
  const backoff = new Backoff({ clock, firstMs: 100, longestMs: 300 });
  backoff.fail('a');
  clock.advance(1_000);
  t.deepEqual(backoff.cooling(), []);
  t.is(backoff.fail('a'), 1);
});
