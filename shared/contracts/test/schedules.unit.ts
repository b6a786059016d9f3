import test from 'ava';
import { newSchedule, violationsOf } from '../src/index.ts';

const SESSION = { title: 'Update the dependencies', prompt: 'Update them.' };
const LEAST = { name: 'nightly', cron: '0 3 * * *', session: SESSION };

test('what is not said of a schedule has a default', (t) => {
  t.like(newSchedule.parse(LEAST), { timeZone: 'UTC', overlap: 'skip', catchUpLimit: 1, paused: false });
});

test('a line may have room around its fields, and names, lists, ranges and steps in them', (t) => {
  for (const cron of ['  0\t3  * * * ', '*/5 8-17 1,15 JAN-MAR MON-FRI', '0 0 L * *', '0 0 15W * FRI#2', '@daily'])
    t.is(newSchedule.parse({ ...LEAST, cron }).cron, cron.trim().replaceAll(/\s+/g, ' '));
});

const refused = test.macro((t, part: object, ...fields: string[]) => {
  const { error } = newSchedule.safeParse({ ...LEAST, ...part });
  t.deepEqual(error && violationsOf(error).map(({ field }) => field), fields);
});

test('no line', refused, { cron: undefined }, 'cron');
test('an empty line', refused, { cron: '' }, 'cron');
test('a field for seconds', refused, { cron: '0 0 3 * * *' }, 'cron');
test('four fields', refused, { cron: '0 3 * *' }, 'cron');
test('a shorthand that there is not', refused, { cron: '@reboot' }, 'cron');
test('a rate', refused, { cron: '@every 5s' }, 'cron');
test('an instant', refused, { cron: '2027-01-01T00:00:00' }, 'cron');
test('a line of a number', refused, { cron: 5 }, 'cron');
test('a line without end', refused, { cron: `${'0,'.repeat(1_000)}0 * * * *` }, 'cron');
test('a zone that there is not', refused, { timeZone: 'Mars/Olympus' }, 'timeZone');
test('an offset for a zone', refused, { timeZone: '+02:00' }, 'timeZone');
test('no zone', refused, { timeZone: '' }, 'timeZone');
test('an unknown policy', refused, { overlap: 'kill' }, 'overlap');
test('a limit of -1', refused, { catchUpLimit: -1 }, 'catchUpLimit');
test('a limit of 51', refused, { catchUpLimit: 51 }, 'catchUpLimit');
test('paused as text', refused, { paused: 'yes' }, 'paused');
test('a blank name', refused, { name: '  ' }, 'name');
test('a long name', refused, { name: 'x'.repeat(101) }, 'name');
test('no session', refused, { session: undefined }, 'session');
test('a field that is not known', refused, { tenant: 'globex' }, 'tenant');
test('a session that could not be submitted', refused, { session: { ...SESSION, title: 'Untitled' } }, 'session.title');
test(
  'what makes sense for one session only',
  refused,
  {
    session: {
      ...SESSION,
      id: '0199b3e4-0000-7000-8000-0000000000a1',
      notBefore: '2027-01-01T00:00:00Z',
      start: false,
    },
  },
  'session.id',
  'session.notBefore',
  'session.start',
);
test(
  'everything that is wrong at once',
  refused,
  { cron: 'x', timeZone: 'y', session: { prompt: '' } },
  'cron',
  'timeZone',
  'session.title',
  'session.prompt',
);
