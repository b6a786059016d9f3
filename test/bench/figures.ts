import { percentiles } from './percentiles.ts';

/** What every workload says of itself, whatever its operations are. */
export interface Figures {
  /** How long was measured. */
  readonly seconds: number;
  readonly ops: number;
  readonly opsPerSec: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** CPU of all processes but the client, in seconds per 1,000 operations. */
  readonly cpuSecPer1000: number;
  readonly rssMb: number;
  readonly errors: number;
  readonly firstError: string | null;
}

/** Operations over some time, and what they cost. */
export interface Measured {
  readonly tookMs: number;
  readonly ops: number;
  /** Of operations that succeeded, from beginning to end within the time. */
  readonly latenciesMs: readonly number[];
  /** Of each operation that did not, in words. */
  readonly failures: readonly string[];
  readonly cpuSeconds: number;
  readonly rssMb: number;
}

/** What was measured one after the other, as one; of the memory the most that was held at a time. */
export function figuresOf(parts: readonly Measured[]): Figures {
  const seconds = sum(parts.map(({ tookMs }) => tookMs)) / 1_000;
  const ops = sum(parts.map((part) => part.ops));
  const latencyMs = percentiles(parts.flatMap(({ latenciesMs }) => latenciesMs));
  const failures = parts.flatMap((part) => part.failures);
  return {
    seconds: round(seconds),
    ops,
    opsPerSec: seconds === 0 ? 0 : round(ops / seconds),
    p50Ms: latencyMs.p50,
    p95Ms: latencyMs.p95,
    p99Ms: latencyMs.p99,
    cpuSecPer1000: ops === 0 ? 0 : round((sum(parts.map(({ cpuSeconds }) => cpuSeconds)) / ops) * 1_000),
    rssMb: Math.max(0, ...parts.map(({ rssMb }) => rssMb)),
    errors: failures.length,
    firstError: failures[0] ?? null,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** To a hundredth. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
