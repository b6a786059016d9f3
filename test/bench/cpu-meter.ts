import { usageOf } from './process-usage.ts';

/** CPU seconds, of all and by process. */
export interface CpuSeconds {
  readonly all: number;
  readonly by: Readonly<Record<string, number>>;
}

/** CPU seconds per 1,000 operations. */
export interface CpuPer1000 extends CpuSeconds {}

/** Measures what processes, by name, take from now on. */
export function startCpuMeter(processes: Readonly<Record<string, number>>): () => CpuSeconds {
  const seconds = (): [string, number][] =>
    Object.entries(processes).map(([name, pid]) => [name, usageOf([pid]).cpuSeconds]);
  const before = Object.fromEntries(seconds());
  return () => {
    // One that was killed meanwhile is not there to be asked: what it took before that is lost.
    const taken = seconds().map(([name, after]) => [name, Math.max(0, after - (before[name] ?? 0))] as const);
    return { all: taken.reduce((sum, [, one]) => sum + one, 0), by: Object.fromEntries(taken) };
  };
}

export function cpuPer1000({ all, by }: CpuSeconds, operations: number): CpuPer1000 {
  const per1000 = (seconds: number): number =>
    operations === 0 ? 0 : Math.round((seconds / operations) * 100_000) / 100;
  return { all: per1000(all), by: Object.fromEntries(Object.entries(by).map(([name, one]) => [name, per1000(one)])) };
}
