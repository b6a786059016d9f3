import test from 'ava';
import { EndedWorkers } from '../src/ended-workers.ts';

test('whoever waits for the next end of a worker goes on with it, and not with one before', async (t) => {
  const ended = new EndedWorkers();
  ended.add('before');
  let isOver = false;
  const waiting = ended.nextEnd(3_600_000).then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  t.false(isOver);
  ended.add('a');
  await waiting;
  t.true(ended.has('a'));
});

test('without an end it is waited for no longer than was said', async (t) => {
  await t.notThrowsAsync(new EndedWorkers().nextEnd(5));
});
