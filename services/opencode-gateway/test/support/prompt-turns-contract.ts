import type { TestFn } from 'ava';
import type { PromptRate, PromptTurns } from '../../src/prompt-limit.ts';

/** What holds for turns of prompts, however they are kept. `passMs` lets time go by for them. */
export interface PromptTurnsUnderTest {
  readonly open: (rate: PromptRate) => PromptTurns;
  readonly passMs: (ms: number) => Promise<void>;
}

export function promptTurnsContract(test: TestFn, make: () => PromptTurnsUnderTest): void {
  test('so many turns come at once, and the next ones one window after those', async (t) => {
    const turns = make().open({ perMinute: 60, burst: 3 });
    const waits = await take(turns, 'a', 8);
    t.deepEqual(waits.slice(0, 3).map(Math.round), [0, 0, 0]);
    for (const [index, waitMs] of waits.slice(3).entries()) {
      const expected = index < 3 ? 3_000 : 6_000;
      t.true(waitMs <= expected && waitMs > expected - 2_000, `turn ${index + 4} comes in ${waitMs} ms`);
    }
  });

  test('in no minute there are more turns than the rate', async (t) => {
    const waits = await take(make().open({ perMinute: 60, burst: 10 }), 'a', 200);
    const [first = 0] = waits;
    t.true(waits.filter((waitMs) => waitMs < first + 59_000).length <= 60);
    t.true(waits.filter((waitMs) => waitMs > 100_000 && waitMs < 159_000).length <= 60);
  });

  test('servers do not wait for each other', async (t) => {
    const turns = make().open({ perMinute: 60, burst: 1 });
    t.deepEqual([await turns.take('a'), await turns.take('b')], [0, 0]);
  });

  test('who comes after the window waits no more', async (t) => {
    const { open, passMs } = make();
    const turns = open({ perMinute: 600, burst: 2 });
    await take(turns, 'a', 2);
    await passMs(210);
    t.deepEqual(await take(turns, 'a', 2), [0, 0]);
  });
}

async function take(turns: PromptTurns, serverId: string, count: number): Promise<number[]> {
  const waits: number[] = [];
  for (let taken = 0; taken < count; taken += 1) waits.push(await turns.take(serverId));
  return waits;
}
