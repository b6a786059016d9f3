import { getEventListeners } from 'node:events';
import test from 'ava';
import { unlessAborted } from '../src/index.ts';

test('what is waited for comes, or fails, as long as the signal is not aborted, and leaves nothing on it', async (t) => {
  const { signal } = new AbortController();
  t.is(await unlessAborted(Promise.resolve(1), signal), 1);
  await t.throwsAsync(unlessAborted(Promise.reject(new Error('no')), signal), { message: 'no' });
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('the reason of the signal comes first, whatever becomes of the task then', async (t) => {
  const controller = new AbortController();
  const task = Promise.withResolvers<void>();
  const waiting = unlessAborted(task.promise, controller.signal);
  controller.abort(new Error('over'));
  await t.throwsAsync(waiting, { message: 'over' });
  task.reject(new Error('late'));
  await t.throwsAsync(unlessAborted(Promise.reject(new Error('late')), controller.signal), { message: 'over' });
});
