import test from 'ava';
import { createAbsentOwnerDirectory } from '../src/absent-owner-directory.ts';

test('without a directory nobody is known as an owner, and nobody is kept from claiming', async (t) => {
  await using directory = createAbsentOwnerDirectory();
  await directory.renew('a', 60_000);
  t.is(await directory.claim('session', 'a'), 'a');
  t.is(await directory.ownerOf('session'), null);
  t.is(await directory.claim('session', 'b'), 'b');
  await directory.release(['session'], 'b');
  await directory.withdraw('a');
  t.is(await directory.ownerOf('session'), null);
});
