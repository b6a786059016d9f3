import { setTimeout as pause } from 'node:timers/promises';

/** How often something can be done per second with so many under way at a time, over about `ms` after a third of it. */
export async function rateOf(
  task: (lane: number) => Promise<unknown>,
  { lanes, ms }: { readonly lanes: number; readonly ms: number },
): Promise<number> {
  let done = 0;
  let isOver = false;
  const work = async (_: unknown, lane: number): Promise<void> => {
    while (!isOver) {
      await task(lane);
      done += 1;
    }
  };
  const working = Promise.all(Array.from({ length: lanes }, work));
  await pause(ms / 3);
  const [doneBefore, startedAt] = [done, performance.now()];
  await pause(ms);
  const rate = ((done - doneBefore) / (performance.now() - startedAt)) * 1_000;
  isOver = true;
  await working;
  return Math.round(rate);
}
