import test from 'ava';
import { decideDue } from '../src/index.ts';

/** Hourly, and due at eight. */
const HOURLY = {
  cron: '0 * * * *',
  timeZone: 'UTC',
  nextFireAt: '2027-01-01T08:00:00.000Z',
  catchUpLimit: 1,
  pending: 0,
};

interface Case {
  readonly now: string;
  readonly catchUpLimit?: number;
  readonly pending?: number;
}

/** By hour: `p` is submitted, `m` is missed. */
const decides = test.macro((t, { now, ...more }: Case, expected: string, next: string) => {
  const { fires, nextFireAt } = decideDue({ ...HOURLY, ...more }, `2027-01-01T${now}.000Z`);
  t.is(fires.map(({ at, outcome }) => `${Number(at.slice(11, 13))}${outcome[0]}`).join(' '), expected);
  t.is(nextFireAt, `2027-01-01T${next}.000Z`);
  for (const { outcome, detail } of fires) t.is(detail === null, outcome === 'pending');
});

test('one that is due is submitted', decides, { now: '08:00:00' }, '8p', '09:00:00');
test(
  'one that is a little late is on time all the same',
  decides,
  { now: '08:00:59', catchUpLimit: 0 },
  '8p',
  '09:00:00',
);
test('one that was missed is made up for', decides, { now: '08:30:00' }, '8p', '09:00:00');
test(
  'one that was missed is not made up for under a limit of 0',
  decides,
  { now: '08:30:00', catchUpLimit: 0 },
  '8m',
  '09:00:00',
);
test(
  'of several that were missed the newest is made up for',
  decides,
  { now: '11:30:00' },
  '8m 9m 10m 11p',
  '12:00:00',
);
test(
  'as many of the newest as the limit says',
  decides,
  { now: '11:30:00', catchUpLimit: 3 },
  '8m 9p 10p 11p',
  '12:00:00',
);
test('one that is on time does not count as missed', decides, { now: '11:00:05' }, '8m 9m 10p 11p', '12:00:00');
test('on time under a limit of 0', decides, { now: '11:00:05', catchUpLimit: 0 }, '8m 9m 10m 11p', '12:00:00');
test('all may be made up for', decides, { now: '11:00:05', catchUpLimit: 50 }, '8p 9p 10p 11p', '12:00:00');
test(
  'while an earlier one could not be submitted, there is room for the limit',
  decides,
  { now: '08:00:00', pending: 1 },
  '8p',
  '09:00:00',
);
test(
  'while as many could not be submitted, further ones are missed',
  decides,
  { now: '08:00:00', pending: 2 },
  '8m',
  '09:00:00',
);
test('and no number of them is too many', decides, { now: '09:00:00', pending: 99 }, '8m 9m', '10:00:00');

test('only so many are listed, of years the newest', (t) => {
  const { fires } = decideDue({ ...HOURLY, cron: '* * * * *' }, '2030-01-01T08:00:00.000Z');
  t.is(fires.length, 100);
  t.deepEqual(
    fires.slice(-3).map(({ outcome }) => outcome),
    ['missed', 'pending', 'pending'],
  );
});
