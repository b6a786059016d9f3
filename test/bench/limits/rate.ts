import { setTimeout as pause } from 'node:timers/promises';
import { startCpuMeter } from '../cpu-meter.ts';
import type { Measured } from '../figures.ts';
import { usageOf } from '../process-usage.ts';

export interface Rate {
  readonly perSecond: number;
  readonly measured: Measured;
}

export interface RateOptions {
  /** How many are under way at a time. */
  readonly lanes: number;
  readonly ms: number;
  /** Those whose CPU and memory count, by name. */
  readonly processes: Readonly<Record<string, number>>;
}

/** How often something can be done, over about `ms` after a third of it. Throws when it fails once. */
export async function rateOf(
  task: (lane: number) => Promise<unknown>,
  { lanes, ms, processes }: RateOptions,
): Promise<Rate> {
  const latenciesMs: number[] = [];
  let sinceMs = Number.POSITIVE_INFINITY;
  let ops = 0;
  let isOver = false;
  const work = async (_: unknown, lane: number): Promise<void> => {
    while (!isOver) {
      const beganMs = performance.now();
      await task(lane);
      if (isOver || sinceMs === Number.POSITIVE_INFINITY) continue;
      ops += 1;
      if (beganMs >= sinceMs) latenciesMs.push(performance.now() - beganMs);
    }
  };
  const working = Promise.all(Array.from({ length: lanes }, work));
  await pause(ms / 3);
  const taken = startCpuMeter(processes);
  sinceMs = performance.now();
  await pause(ms);
  isOver = true;
  const tookMs = performance.now() - sinceMs;
  const cpuSeconds = taken().all;
  const { rssMb } = usageOf(Object.values(processes));
  await working;
  const perSecond = Math.round((ops / tookMs) * 1_000);
  return { perSecond, measured: { tookMs, ops, latenciesMs, failures: [], cpuSeconds, rssMb } };
}
