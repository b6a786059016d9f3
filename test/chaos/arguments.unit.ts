import test from 'ava';
import { readArguments } from './arguments.ts';

test('a run without a word takes the mix, three faults at once, and a seed by chance', (t) => {
  t.like(readArguments([]), { mode: 'run', faults: ['mix'], atOnce: 3, json: false, small: false });
  t.like(readArguments(['--faults', 'kill-owner,roll']), { faults: ['kill-owner', 'roll'], atOnce: 1 });
});

for (const [said, message] of [
  ['--faults kill-owner,nosuch', /There is no fault "nosuch"/],
  ['--seconds 0', /--seconds must be a whole number from 1 on/],
  ['fully', /neither full nor prove/],
  ['full 45', /"45" is one word too many/],
  ['full --faults kill-owner', /--faults is not for full/],
  ['full --at-once 2', /--at-once is not for full/],
  ['prove --faults kill-owner', /--faults is not for prove/],
  ['--plants epoch-check-dropped', /--plants is not for run/],
] as const)
  test(`chaos ${said} is refused, not half heeded`, (t) => {
    t.throws(() => readArguments(said.split(' ')), { message });
  });
