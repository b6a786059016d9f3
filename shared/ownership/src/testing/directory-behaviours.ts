import type { OwnerDirectory } from '../owner-directory.ts';
import type { DirectoryBehaviours } from './owner-directory-contract.ts';

/** Longer than any behaviour takes, and short enough to really wait for. */
const LONG_MS = 60_000;
const SHORT_MS = 500;
const CONTENDERS = 1_000;

export const directoryBehaviours: DirectoryBehaviours = {
  async 'nobody owns a session that was never claimed'(t, { directory }) {
    t.is(await directory.ownerOf('session'), null);
  },

  async 'a free session goes to the worker that claims it'(t, { directory }) {
    await alive(directory, 'a');
    t.is(await directory.claim('session', 'a'), 'a');
    t.is(await directory.ownerOf('session'), 'a');
    t.is(await directory.ownerOf('other session'), null);
  },

  async 'a session of a living worker stays with it'(t, { directory }) {
    await alive(directory, 'a', 'b');
    await directory.claim('session', 'a');
    t.is(await directory.claim('session', 'b'), 'a');
    t.is(await directory.ownerOf('session'), 'a');
    t.is(await directory.claim('session', 'a'), 'a', 'its owner may claim it again');
  },

  async 'a session of a worker whose lease has run out goes to the next that claims it'(t, { directory, passMs }) {
    await alive(directory, 'b');
    await directory.renew('a', SHORT_MS);
    await directory.claim('session', 'a');
    await passMs(SHORT_MS * 2);
    t.is(await directory.ownerOf('session'), null);
    t.is(await directory.claim('session', 'b'), 'b');
    t.is(await directory.ownerOf('session'), 'b');
  },

  async 'a worker that comes back too late does not get its session back'(t, { directory, passMs }) {
    await alive(directory, 'b');
    await directory.renew('a', SHORT_MS);
    await directory.claim('session', 'a');
    await passMs(SHORT_MS * 2);
    await directory.claim('session', 'b');
    await directory.renew('a', LONG_MS);
    t.is(await directory.claim('session', 'a'), 'b');
    t.is(await directory.ownerOf('session'), 'b');
  },

  async 'a lease that is renewed does not run out'(t, { directory, passMs }) {
    await alive(directory, 'b');
    await directory.renew('a', SHORT_MS);
    await directory.claim('session', 'a');
    await directory.renew('a', LONG_MS);
    await passMs(SHORT_MS * 2);
    t.is(await directory.ownerOf('session'), 'a');
    t.is(await directory.claim('session', 'b'), 'a');
  },

  async 'the claim of a worker that was never renewed does not count'(t, { directory }) {
    await alive(directory, 'b');
    await directory.claim('session', 'never renewed');
    t.is(await directory.ownerOf('session'), null);
    t.is(await directory.claim('session', 'b'), 'b');
  },

  async 'a worker releases several sessions at once, and only its own'(t, { directory }) {
    await alive(directory, 'a', 'b');
    await directory.claim('first', 'a');
    await directory.claim('second', 'a');
    await directory.claim('kept', 'a');
    await directory.claim('foreign', 'b');
    await directory.release(['first', 'second', 'foreign', 'unknown'], 'a');
    const owners = await Promise.all(['first', 'second', 'kept', 'foreign'].map((id) => directory.ownerOf(id)));
    t.deepEqual(owners, [null, null, 'a', 'b']);
    t.is(await directory.claim('first', 'b'), 'b');
    await t.notThrowsAsync(directory.release([], 'a'));
  },

  async 'what a worker that withdraws has claimed is free, what others have claimed is not'(t, { directory }) {
    await alive(directory, 'a', 'b', 'c');
    for (const id of ['first', 'second']) await directory.claim(id, 'a');
    await directory.claim('foreign', 'b');
    await directory.withdraw('a');
    t.is(await directory.ownerOf('first'), null);
    t.is(await directory.claim('first', 'c'), 'c');
    t.is(await directory.claim('second', 'b'), 'b');
    t.is(await directory.claim('foreign', 'c'), 'b');
  },

  async 'of a thousand workers that claim a session at the same time one wins, and all learn who'(t, { directory }) {
    const workers = Array.from({ length: CONTENDERS }, (_, index) => `worker-${index}`);
    await alive(directory, ...workers);
    const answers = await Promise.all(workers.map((worker) => directory.claim('session', worker)));
    t.is(new Set(answers).size, 1);
    t.is(await directory.ownerOf('session'), answers[0] ?? 'nobody');
  },

  async 'of a thousand workers that claim the session of a dead one at the same time one wins'(t, under) {
    const { directory, passMs } = under;
    await directory.renew('dead', SHORT_MS);
    await directory.claim('session', 'dead');
    const workers = Array.from({ length: CONTENDERS }, (_, index) => `worker-${index}`);
    await alive(directory, ...workers);
    await passMs(SHORT_MS * 2);
    const answers = await Promise.all(workers.map((worker) => directory.claim('session', worker)));
    t.is(new Set(answers).size, 1);
    t.not(answers[0], 'dead');
  },
};

async function alive(directory: OwnerDirectory, ...incarnations: string[]): Promise<void> {
  await Promise.all(incarnations.map((incarnation) => directory.renew(incarnation, LONG_MS)));
}
