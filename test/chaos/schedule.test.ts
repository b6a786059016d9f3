import test from 'ava';
import type { Fault, Part } from './faults/fault.ts';
import { createRandom } from './random.ts';
import { letLoose, type Strike } from './schedule.ts';
import type { World } from './world.ts';

test('the same seed lets the same faults loose in the same order', async (t) => {
  const [one, two, other] = [await orderOf(7), await orderOf(7), await orderOf(8)];
  t.deepEqual(one, two);
  t.notDeepEqual(one, other);
});

test('faults that disturb the same part are never on at the same time', async (t) => {
  const on = new Set<Part>();
  let clashes = 0;
  const faults = (['nats', 'nats', 'redis', 'postgres'] as const).map((part, index) =>
    fault(`fault-${index}`, part, async () => {
      if (on.has(part)) clashes += 1;
      on.add(part);
      await new Promise(setImmediate);
      on.delete(part);
    }),
  );
  const strikes = await run(faults, { atOnce: 3 });
  t.is(clashes, 0);
  t.true(strikes.length >= faults.length);
});

test('a fault that goes wrong is told and does not stop the others', async (t) => {
  const wrong = fault('wrong', 'nats', () => Promise.reject(new Error('it broke')));
  const strikes = await run([wrong, fault('right', 'redis', () => Promise.resolve())]);
  t.true(strikes.some(({ window, problem }) => window.fault === 'wrong' && problem?.includes('it broke')));
  t.true(strikes.some(({ window, effect }) => window.fault === 'right' && effect?.times === 1));
});

test('a fault that found nothing to strike gets a further turn when all others are over, and only that one', async (t) => {
  const endsAt = performance.now() + 200;
  let isAtWork = false;
  const untilAtWork = async (): Promise<void> => void (isAtWork = true);
  const windows: number[] = [];
  const idle = fault('idle', 'nats', () => Promise.resolve());
  const onlyAtTheEnd = { ...idle, run: async () => ({ times: isAtWork ? 1 : 0 }) };
  const strikes: Strike[] = [];
  const schedule = {
    faults: [onlyAtTheEnd, fault('busy', 'redis', () => Promise.resolve())],
    atOnce: 1,
    endsAt,
    longestBreakMs: 50,
    random: createRandom(1),
    signal: new AbortController().signal,
    untilAtWork,
  };
  const worldOf = (_: Fault, within: number): World => {
    windows.push(within);
    return {} as World;
  };
  await letLoose({ ...schedule, onStrike: (strike) => strikes.push(strike), onBegin: () => {} }, worldOf);
  const last = strikes.at(-1);
  t.like(last, { window: { fault: 'idle' }, effect: { times: 1 } });
  t.is(strikes.filter(({ window, effect }) => window.fault === 'idle' && effect?.times === 1).length, 1);
  t.true((windows.at(-1) ?? 0) > endsAt + 10_000, 'it has time of its own');
  t.deepEqual([...new Set(windows.slice(0, -1))], [endsAt]);
});

async function orderOf(seed: number): Promise<string[]> {
  const faults = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => fault(name, 'load', () => Promise.resolve()));
  return (await run(faults, { seed })).slice(0, faults.length).map(({ window }) => window.fault);
}

/** Lets them loose until each was on at least once. */
async function run(faults: readonly Fault[], { seed = 1, atOnce = 1 } = {}): Promise<Strike[]> {
  const strikes: Strike[] = [];
  const enough = new AbortController();
  const onStrike = (strike: Strike): void => {
    strikes.push(strike);
    if (faults.every(({ name }) => strikes.some(({ window }) => window.fault === name))) enough.abort();
  };
  const random = createRandom(seed);
  const schedule = {
    faults,
    atOnce,
    endsAt: Number.POSITIVE_INFINITY,
    longestBreakMs: 10,
    random,
    signal: enough.signal,
  };
  await letLoose(
    { ...schedule, onStrike, onBegin: () => {}, untilAtWork: () => Promise.resolve() },
    () => ({}) as World,
  );
  return strikes;
}

function fault(name: string, part: Part, task: () => Promise<void>): Fault {
  return {
    name,
    says: name,
    touches: [part],
    async run() {
      await task();
      return { times: 1 };
    },
  };
}
