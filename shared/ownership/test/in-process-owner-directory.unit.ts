import test from 'ava';
import { createInProcessOwnerDirectory } from '../src/in-process-owner-directory.ts';
import { ownerDirectoryContract } from '../src/testing/owner-directory-contract.ts';

ownerDirectoryContract(test, async () => {
  let nowMs = 1_000;
  return {
    directory: createInProcessOwnerDirectory(() => nowMs),
    passMs: async (ms) => {
      nowMs += ms;
    },
  };
});

test('a lease counts up to its last millisecond and not at its end', async (t) => {
  let nowMs = 0;
  await using directory = createInProcessOwnerDirectory(() => nowMs);
  await directory.renew('a', 100);
  await directory.claim('session', 'a');
  nowMs = 99;
  t.is(await directory.ownerOf('session'), 'a');
  nowMs = 100;
  t.is(await directory.ownerOf('session'), null);
});
