import { setImmediate as nextTurn } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { every } from '../src/every.ts';
import { eventually } from '@oio/runtime/testing';

const silent = createLogger('test', { level: 'silent' });

test('runs never overlap, and the last has ended when it is disposed', async (t) => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const loop = every({
    name: 'test',
    logger: silent,
    intervalMs: 1,
    task: async () => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < 100; turn += 1) await nextTurn();
      running -= 1;
      runs += 1;
    },
  });
  t.true(await eventually(() => runs >= 3));
  loop.wake();
  await loop[Symbol.asyncDispose]();
  t.is(running, 0);
  t.is(most, 1);
  const ended = runs;
  await new Promise((resolve) => setImmediate(resolve));
  t.is(runs, ended);
});

test('a wake ends the rest, and one during a run brings another run', async (t) => {
  let runs = 0;
  let endRun = (): void => {};
  const task = (): Promise<void> =>
    new Promise((resolve) => {
      runs += 1;
      endRun = resolve;
    });
  const loop = every({ name: 'test', logger: silent, intervalMs: 60_000, task });
  loop.wake();
  endRun();
  t.true(await eventually(() => runs === 2));
  endRun();
  await new Promise((resolve) => setImmediate(resolve));
  loop.wake();
  t.true(await eventually(() => runs === 3));
  endRun();
  await loop[Symbol.asyncDispose]();
});

test('a task may ask to run again sooner', async (t) => {
  let runs = 0;
  const task = async (): Promise<number> => {
    runs += 1;
    return 1;
  };
  const loop = every({ name: 'test', logger: silent, intervalMs: 60_000, task });
  t.true(await eventually(() => runs >= 3));
  await loop[Symbol.asyncDispose]();
});

test('an outage is survived, and logged when it begins and when it ends', async (t) => {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push((JSON.parse(String(chunk)) as { msg: string }).msg);
      done();
    },
  });
  let runs = 0;
  const task = async (): Promise<void> => {
    runs += 1;
    if (runs < 5) throw new Error('The database is away.');
  };
  const loop = every({ name: 'test', logger: createLogger('test', { destination }), intervalMs: 1, task });
  t.true(await eventually(() => runs >= 8));
  await loop[Symbol.asyncDispose]();
  t.deepEqual(lines, ['loop fails', 'loop works again']);
});
