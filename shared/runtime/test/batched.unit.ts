import test from 'ava';
import { batched } from '../src/batched.ts';

test('calls of one turn go together, and each gets its own answer', async (t) => {
  const batches: number[][] = [];
  const double = batched(async (numbers: readonly number[]) => {
    batches.push([...numbers]);
    return numbers.map((number) => number * 2);
  });
  t.deepEqual(await Promise.all([double(1), double(2), double(3)]), [2, 4, 6]);
  t.deepEqual(batches, [[1, 2, 3]]);
  t.is(await double(4), 8);
});

test('while enough batches are under way the next one gathers, up to its size', async (t) => {
  const gates: (() => void)[] = [];
  const sizes: number[] = [];
  const echo = batched(
    async (inputs: readonly number[]) => {
      sizes.push(inputs.length);
      await new Promise<void>((resolve) => gates.push(resolve));
      return inputs;
    },
    { atOnce: 1, largest: 3 },
  );
  const all = [echo(0)];
  await new Promise(setImmediate);
  for (let number = 1; number <= 5; number += 1) all.push(echo(number));
  await new Promise(setImmediate);
  t.deepEqual(sizes, [1]);
  for (let open = 0; open < 3; open += 1) {
    gates[open]?.();
    await new Promise(setImmediate);
  }
  t.deepEqual(await Promise.all(all), [0, 1, 2, 3, 4, 5]);
  t.deepEqual(sizes, [1, 3, 2]);
});

test('the error of a batch is everybody’s in it, and the next one is not touched by it', async (t) => {
  let failing = true;
  const echo = batched(async (inputs: readonly number[]) => {
    if (failing) throw new Error('no');
    return inputs;
  });
  const results = await Promise.allSettled([echo(1), echo(2)]);
  t.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  failing = false;
  t.is(await echo(3), 3);
});

test('answers that do not match their questions are a bug, not somebody else’s answer', async (t) => {
  const lossy = batched(async (inputs: readonly number[]) => inputs.slice(1));
  await t.throwsAsync(lossy(1), { message: /1 got 0/ });
});
