import { UnavailableError } from '@oio/errors';
import test from 'ava';
import { OrderLimit } from '../../src/order-limit.ts';

const LIMITS = { first: 100, fewest: 10, most: 200, targetMs: 500 };

/** A limit on a clock of its own, and orders on it that all take as long as is said. */
function rig(limits: Partial<typeof LIMITS> = {}) {
  let nowMs = 0;
  const limit = new OrderLimit({ ...LIMITS, ...limits, now: () => nowMs });
  /** Begins so many orders, or as many as may, and ends those that were taken; returns how many that were. */
  const burst = async (count: number, tookMs: number): Promise<number> => {
    const done = Promise.withResolvers<void>();
    const orders = Array.from({ length: count }, () => limit.run(() => done.promise));
    nowMs += tookMs;
    done.resolve();
    const results = await Promise.allSettled(orders);
    return results.filter(({ status }) => status === 'fulfilled').length;
  };
  return { limit, burst };
}

test('what is more than the limit is refused at once, and says when to come again', async (t) => {
  const { limit, burst } = rig();
  t.is(await burst(150, 1), 100);
  t.false(limit.isFull);
  const never = new Promise<never>(() => undefined);
  for (let begun = 0; begun < 100; begun += 1) limit.run(() => never).catch(() => undefined);
  t.true(limit.isFull);
  const refusal = limit.run(async () => 'never begun');
  const error = await t.throwsAsync(refusal, { instanceOf: UnavailableError, code: 'overloaded' });
  t.is(error.retryAfterMs, 1_000);
});

test('while most orders take too long fewer are let in, but never fewer than the least', async (t) => {
  const { burst } = rig();
  const taken: number[] = [];
  for (let round = 0; round < 20; round += 1) taken.push(await burst(1_000, 600));
  t.is(taken[0], 100);
  for (let round = 1; round < 20; round += 1) t.true((taken[round] ?? 0) <= (taken[round - 1] ?? 0));
  t.is(taken.at(-1), 10);
});

test('while orders are quick and the limit is reached more are let in, but never more than the most', async (t) => {
  const { burst } = rig();
  let taken = 0;
  for (let round = 0; round < 20; round += 1) taken = await burst(1_000, 150);
  t.is(taken, 200);
});

test('a limit that nobody reaches stays where it is', async (t) => {
  const { burst } = rig();
  for (let round = 0; round < 20; round += 1) await burst(20, 150);
  t.is(await burst(1_000, 150), 100);
});

test('a few slow orders among many quick ones change nothing', async (t) => {
  const { limit, burst } = rig();
  const slow = Promise.withResolvers<void>();
  const slowOnes = Array.from({ length: 5 }, () => limit.run(() => slow.promise));
  for (let round = 0; round < 6; round += 1) await burst(50, 100);
  slow.resolve();
  await Promise.all(slowOnes);
  await burst(50, 100);
  t.is(await burst(1_000, 100), 100);
});

test('orders that fail give their places back', async (t) => {
  const { limit } = rig({ first: 1 });
  for (let times = 0; times < 5; times += 1) {
    await t.throwsAsync(
      limit.run(async () => Promise.reject(new Error('no'))),
      { message: 'no' },
    );
  }
  t.is(await limit.run(async () => 'yes'), 'yes');
});
