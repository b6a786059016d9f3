import test from 'ava';
import { createSetClock } from '../src/clock.ts';

test('before it is set the clock shows the time of the machine', (t) => {
  const beforeMs = Date.now();
  const shownMs = Date.parse(createSetClock().now());
  t.true(shownMs >= beforeMs - 5 && shownMs <= Date.now() + 5);
});

test('the clock runs on from the instant that it was set to', (t) => {
  let machineMs = 100;
  const clock = createSetClock(() => machineMs);
  clock.set(new Date('2031-02-03T04:05:06.007Z'));
  t.is(clock.now(), '2031-02-03T04:05:06.007Z');
  machineMs += 61_000.9;
  t.is(clock.now(), '2031-02-03T04:06:07.007Z');
});

test('a machine whose clock is an hour off is put right, in both directions', (t) => {
  const clock = createSetClock(() => 0);
  for (const instant of ['2031-01-01T11:00:00.000Z', '2031-01-01T10:00:00.000Z', '2031-01-01T12:00:00.000Z']) {
    clock.set(new Date(instant));
    t.is(clock.now(), instant);
  }
});

test('a small correction makes time stand still, never go back', (t) => {
  let machineMs = 0;
  const clock = createSetClock(() => machineMs);
  clock.set(new Date('2031-01-01T00:00:00.100Z'));
  t.is(clock.now(), '2031-01-01T00:00:00.100Z');
  clock.set(new Date('2031-01-01T00:00:00.080Z'));
  t.is(clock.now(), '2031-01-01T00:00:00.100Z');
  machineMs += 15;
  t.is(clock.now(), '2031-01-01T00:00:00.100Z');
  machineMs += 15;
  t.is(clock.now(), '2031-01-01T00:00:00.110Z');
});

test('setting the clock does not touch the monotonic one', (t) => {
  let machineMs = 5;
  const clock = createSetClock(() => machineMs);
  clock.set(new Date('2001-01-01T00:00:00Z'));
  t.is(clock.monotonicMs(), 5);
  machineMs = 6;
  t.is(clock.monotonicMs(), 6);
  const real = createSetClock();
  const readings = Array.from({ length: 1_000 }, () => real.monotonicMs());
  t.deepEqual(
    readings,
    readings.toSorted((a, b) => a - b),
  );
});
