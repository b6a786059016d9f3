import { usageOf } from './process-usage.ts';

/** CPU seconds per 1,000 operations. */
export interface CpuPer1000 {
  readonly all: number;
  readonly by: Readonly<Record<string, number>>;
}

/** Measures what processes, by name, take from now on; the function says it for so many operations. */
export function startCpuMeter(processes: Readonly<Record<string, number>>): (operations: number) => CpuPer1000 {
  const seconds = (): [string, number][] =>
    Object.entries(processes).map(([name, pid]) => [name, usageOf([pid]).cpuSeconds]);
  const before = Object.fromEntries(seconds());
  return (operations) => {
    const per1000 = (taken: number): number =>
      operations === 0 ? 0 : Math.round((taken / operations) * 100_000) / 100;
    const taken = seconds().map(([name, after]) => [name, after - (before[name] ?? 0)] as const);
    return {
      all: per1000(taken.reduce((sum, [, one]) => sum + one, 0)),
      by: Object.fromEntries(taken.map(([name, one]) => [name, per1000(one)])),
    };
  };
}
