import { StartupError } from '@oio/errors';
import test from 'ava';
import { parseArguments, USAGE } from '../arguments.ts';

test('without arguments, what carries on when the other dies is there twice', (t) => {
  t.like(parseArguments([], '/srv'), {
    help: false,
    json: false,
    roots: [],
    scale: { 'session-actor': 2, scheduler: 2, 'opencode-gateway': 2, metrics: 1, 'http-gateway': 1 },
  });
});

test('the number of processes can be said for each service', (t) => {
  const { scale } = parseArguments(['--scale', 'session-actor=4', '--scale', 'metrics=2'], '/srv');
  t.like(scale, { 'session-actor': 4, scheduler: 2, metrics: 2 });
});

const WRONG: readonly (readonly [readonly string[], RegExp])[] = [
  [['--scale', 'session-actors=2'], /there is no service session-actors; there are session-actor, scheduler/],
  [['--scale', 'session-actor'], /the number of processes must be 1 to 16/],
  [['--scale', 'session-actor=0'], /the number of processes must be 1 to 16/],
  [['--scale', 'session-actor=1e1'], /the number of processes must be 1 to 16/],
  [['--scale', 'http-gateway=2'], /the API has one port on this machine/],
  [['--verbose'], /Unknown option '--verbose'/],
];

for (const [args, message] of WRONG) {
  test(`"${args.join(' ')}" is refused, and the usage shown`, (t) => {
    const error = t.throws(() => parseArguments(args, '/srv'), { instanceOf: StartupError });
    t.regex(error.message, message);
    t.true(error.message.endsWith(USAGE));
    t.is(error.exitCode, 64);
  });
}

test('paths are seen from where the command was given', (t) => {
  const { roots, data } = parseArguments(
    ['--root', '.', '--root', '/elsewhere', '--data', '../data'],
    '/home/ada/sums',
  );
  t.deepEqual(roots, ['/home/ada/sums', '/elsewhere']);
  t.is(data, '/home/ada/data');
});
