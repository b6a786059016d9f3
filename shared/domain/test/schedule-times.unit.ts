import test from 'ava';
import fc from 'fast-check';
import { nextFires, rhythmViolations } from '../src/index.ts';
import { firesBetween } from '../src/schedule-times.ts';

const NOW = '2027-01-01T00:00:00.000Z';
const berlin = (cron: string) => ({ cron, timeZone: 'Europe/Berlin' });

const dueIn = (timeZone: string) =>
  test.macro((t, cron: string, after: string, expected: readonly string[]) => {
    const fires = nextFires({ cron, timeZone }, after, expected.length);
    t.deepEqual(
      fires.map((at) => at.replace(':00.000Z', 'Z')),
      [...expected],
    );
  });
const inBerlin = dueIn('Europe/Berlin');
const inUtc = dueIn('UTC');

test('a line is read in its time zone', inBerlin, '0 8 * * 1-5', '2027-01-01T07:00:00Z', [
  '2027-01-04T07:00Z',
  '2027-01-05T07:00Z',
]);
// On 2027-03-28 the clocks of Berlin go from 02:00 to 03:00.
test(
  'an hour that is left out: what it names runs once, right after it',
  inBerlin,
  '30 2 * * *',
  '2027-03-27T12:00:00Z',
  ['2027-03-28T01:00Z', '2027-03-29T00:30Z'],
);
test('an hour that is left out: one of a list runs, too', inBerlin, '30 2,14 * * *', '2027-03-27T20:00:00Z', [
  '2027-03-28T01:00Z',
  '2027-03-28T12:30Z',
]);
test('an hour that is left out: what runs all the time goes on', inBerlin, '*/30 * * * *', '2027-03-28T00:00:00Z', [
  '2027-03-28T00:30Z',
  '2027-03-28T01:00Z',
  '2027-03-28T01:30Z',
]);
// On 2027-10-31 they go from 03:00 back to 02:00.
test(
  'an hour that is repeated: what it names runs once, the first time',
  inBerlin,
  '30 2 * * *',
  '2027-10-30T12:00:00Z',
  ['2027-10-31T00:30Z', '2027-11-01T01:30Z'],
);
test('an hour that is repeated: what runs all the time runs in both', inBerlin, '30 * * * *', '2027-10-30T23:00:00Z', [
  '2027-10-30T23:30Z',
  '2027-10-31T00:30Z',
  '2027-10-31T01:30Z',
  '2027-10-31T02:30Z',
]);
test('clocks may move by half an hour', dueIn('Australia/Lord_Howe'), '15 2 * * *', '2027-10-02T00:00:00Z', [
  '2027-10-02T15:30Z',
  '2027-10-03T15:15Z',
]);
// On 2027-03-27 the clocks of Greenland go from 23:00 to midnight.
test('an hour that is left out before midnight', dueIn('America/Nuuk'), '30 23 * * *', '2027-03-27T12:00:00Z', [
  '2027-03-28T01:00Z',
  '2027-03-29T00:30Z',
]);
test('a day whose last hour is left out', dueIn('America/Nuuk'), '30 23 * * SAT', '2027-03-27T12:00:00Z', [
  '2027-03-28T01:00Z',
  '2027-04-04T00:30Z',
]);
test('the last day of a month is whichever it is', inUtc, '0 0 L * *', NOW, ['2027-01-31T00:00Z', '2027-02-28T00:00Z']);
test('a 29th of February is waited for', inUtc, '0 0 29 2 *', NOW, ['2028-02-29T00:00Z', '2032-02-29T00:00Z']);
test('with both days given either is enough', inUtc, '0 0 13 * FRI', NOW, ['2027-01-08T00:00Z', '2027-01-13T00:00Z']);
test('an instant at which it is due is not after itself', inUtc, '0 8 * * *', '2027-01-01T08:00:00.000Z', [
  '2027-01-02T08:00Z',
]);

const refused = test.macro((t, cron: string, code: string, message: RegExp) => {
  const [violation, ...others] = rhythmViolations({ cron, timeZone: 'UTC' }, NOW);
  t.deepEqual([violation?.field, violation?.code, others], ['cron', code, []]);
  t.regex(violation?.message ?? '', message);
});

test('the 31st of February is refused', refused, '0 0 31 2 *', 'never_due', /never comes due/);
test('the 31st of months that have none is refused', refused, '0 0 31 4,6,9,11 *', 'never_due', /never comes due/);
test('a minute of 60 is refused', refused, '60 * * * *', 'unreadable_cron', /minute: 60/);
test('an hour of 24 is refused', refused, '0 24 * * *', 'unreadable_cron', /hour: 24/);
test('a month of 13 is refused', refused, '0 0 1 13 *', 'unreadable_cron', /month/);
test('a range that goes backwards is refused', refused, '30-10 * * * *', 'unreadable_cron', /30-10/);
test('a step of nothing is refused', refused, '*/0 * * * *', 'unreadable_cron', /stepping/);
test('words are refused', refused, 'at eight in the morning', 'unreadable_cron', /illegal/);
test('a sixth Friday of the month is refused', refused, '0 0 * * FRI#6', 'unreadable_cron', /nth weekday/);

test('a line that comes due is not refused', (t) => {
  for (const cron of ['* * * * *', '@daily', '0 3 15W * *', '0 0 * * FRI#2', '0,30 8-17/2 * JAN-MAR MON-FRI'])
    t.deepEqual(rhythmViolations({ cron, timeZone: 'UTC' }, NOW), [], cron);
});

test('what was due until now is what would have come next, one after the other', (t) => {
  const lines = [
    '*/15 * * * *',
    '30 2 * * *',
    '30 2,14 * * *',
    '0 * * * *',
    '7 1-3 * * *',
    '59 23 * * *',
    '0-59 23,2 * * *',
    '@daily',
    '0 0 L * *',
    '0 2 * * 0',
  ];
  const zones = [
    'America/Nuuk',
    'Europe/Berlin',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Africa/Casablanca',
    'UTC',
  ];
  const property = fc.property(
    fc.constantFrom(...lines),
    fc.constantFrom(...zones),
    fc.integer({ min: Date.parse('2027-01-01'), max: Date.parse('2028-01-01') }),
    fc.integer({ min: 0, max: 2 * 86_400_000 }),
    (cron, timeZone, startMs, ms) => {
      const rhythm = { cron, timeZone };
      const [from = ''] = nextFires(rhythm, new Date(startMs).toISOString(), 1);
      const now = new Date(Date.parse(from) + ms).toISOString();
      const expected: string[] = [];
      for (let at: string | undefined = from; at && at <= now; [at] = nextFires(rhythm, at, 1)) expected.push(at);
      t.deepEqual(firesBetween(rhythm, from, { now, most: expected.length + 1 }), expected);
      t.deepEqual(firesBetween(rhythm, from, { now, most: 3 }), expected.slice(-3));
    },
  );
  fc.assert(property, { numRuns: 50 });
});

test('what is long past does not take long', (t) => {
  const now = '2037-01-01T00:00:00.500Z';
  const fires = firesBetween(berlin('* * * * *'), NOW, { now, most: 100 });
  t.is(fires.length, 100);
  t.is(fires.at(-1), '2037-01-01T00:00:00.000Z');
});
