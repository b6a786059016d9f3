import { join } from 'node:path';
import { startChild } from './child-process.ts';
import type { ClientMessage, ClientSpec } from './client/spec.ts';
import { type CpuSeconds, cpuPer1000, startCpuMeter } from './cpu-meter.ts';
import type { Figures } from './figures.ts';
import { usageOf } from './process-usage.ts';
import type { System } from './system/system.ts';

/** What a load came to. */
export interface LoadFigures extends Figures {
  /** CPU seconds per 1,000 operations, by process. */
  readonly cpuSecPer1000By: Readonly<Record<string, number>>;
  /** Of the client, which shares the cores. */
  readonly clientCpuSecPer1000: number;
}

export interface LoadOptions {
  readonly system: System;
  readonly spec: Pick<ClientSpec, 'workload' | 'clients' | 'sessionIds'>;
  readonly seconds: number;
  readonly onProgress: (text: string) => void;
}

/** The optimiser of the runtime needs that long until figures are steady. */
const WARM_UP_MS = 5_000;

/** Puts load on a system from a process of its own, and says what that cost all others. */
export async function measureLoad({ system, spec, seconds, onProgress }: LoadOptions): Promise<LoadFigures> {
  const { url, apiKey, directories } = system;
  const whole: ClientSpec = { ...spec, url, apiKey, directories, warmUpMs: WARM_UP_MS, measureMs: seconds * 1_000 };
  const script = join(import.meta.dirname, 'client/main.ts');
  await using client = startChild<ClientMessage>({ script, args: [JSON.stringify(whole)] });
  let taken = startCpuMeter(system.processes);
  for await (const message of client.messages()) {
    if (message.type === 'start') taken = startCpuMeter(system.processes);
    if (message.type === 'progress') onProgress(`${spec.workload}: ${message.done} done, ${message.errors} errors`);
    if (message.type === 'end') return loadFigures(message, taken(), usageOf(Object.values(system.processes)).rssMb);
  }
  throw new Error('The client ended without a result.');
}

type End = Extract<ClientMessage, { type: 'end' }>;

/** What a client said in the end, and what it cost the others. */
export function loadFigures(end: End, taken: CpuSeconds, rssMb: number): LoadFigures {
  const { ops, tookMs, latencyMs, errors, firstError } = end;
  const cpu = cpuPer1000(taken, ops);
  return {
    seconds: round(tookMs / 1_000),
    ops,
    opsPerSec: round(ops / (tookMs / 1_000)),
    p50Ms: latencyMs.p50,
    p95Ms: latencyMs.p95,
    p99Ms: latencyMs.p99,
    cpuSecPer1000: cpu.all,
    cpuSecPer1000By: cpu.by,
    clientCpuSecPer1000: ops === 0 ? 0 : round((end.cpuSeconds / ops) * 1_000),
    rssMb,
    errors,
    firstError,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
