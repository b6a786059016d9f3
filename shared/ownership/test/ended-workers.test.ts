import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { EndedWorkers } from '../src/ended-workers.ts';

/** Longer than a test may take: who waits for so long is never seen to go on. */
const FOR_EVER_MS = 3_600_000;

test('whoever waits for one more end of a worker goes on with it, and not with one before', async (t) => {
  const ended = new EndedWorkers();
  ended.add('before');
  let isOver = false;
  const waiting = ended.moreThan(ended.count, FOR_EVER_MS).then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  t.false(isOver);
  ended.add('a');
  await waiting;
  t.true(ended.has('a'));
});

test('an end that came between the count and the waiting is not waited for', async (t) => {
  const ended = new EndedWorkers();
  const { count } = ended;
  ended.add('a');
  await ended.moreThan(count, FOR_EVER_MS);
  t.is(ended.count, count + 1);
});

test('without an end it is waited for no longer than was said', async (t) => {
  await t.notThrowsAsync(new EndedWorkers().moreThan(0, 5));
});

test('who has waited in vain leaves nothing behind, however long no worker ends', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const ended = new EndedWorkers();
  const waitOften = async (): Promise<void> => {
    for (let times = 0; times < 1_000; times += 1) await ended.moreThan(0, 0);
  };
  await waitOften();
  collect();
  const before = process.memoryUsage().heapUsed;
  await Promise.all(Array.from({ length: 20 }, waitOften));
  collect();
  const bytes = (process.memoryUsage().heapUsed - before) / 20_000;
  t.true(bytes < 100, `${bytes} bytes for each wait`);
});
