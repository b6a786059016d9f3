import type { Limits } from './limits/measure-limits.ts';
import type { Takeover } from './failover.ts';
import type { RunResult } from './run-workload.ts';

/** What one run came to, for a person. */
export function report(result: RunResult): string {
  const rows = [...loadRows(result), ...takeoverRows(result), ...backlogRows(result), ...limitRows(result.limits)];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  return [`${result.workload} ${result.mode}, ${result.clients} clients`, ...lines].join('\n');
}

type Row = readonly [name: string, value: string];

function loadRows(result: RunResult): Row[] {
  if (result.opsPerSec === undefined) return [];
  const { opsPerSec, p50Ms, p95Ms, p99Ms, limits } = result;
  const by = Object.entries(result.cpuSecPer1000By ?? {}).map(([name, seconds]) => `${name} ${seconds}`);
  const share = (limit: number): string => `${Math.round((opsPerSec / limit) * 1_000) / 10} %`;
  return [
    ['per second', `${Math.round(opsPerSec)} (${result.ops} in ${result.seconds} s, ${result.errors} errors)`],
    ...(result.firstError ? [['first error', result.firstError] as const] : []),
    ['latency', `p50 ${p50Ms} ms, p95 ${p95Ms} ms, p99 ${p99Ms} ms`],
    [
      'CPU',
      `${result.cpuSecPer1000} s per 1,000: ${by.join(', ')}; the client beside it ${result.clientCpuSecPer1000}`,
    ],
    ['memory', `${result.rssMb} MB`],
    ['of the batched commits', share(limits.batchedCommitsPerSec)],
    ...(limits.natsRequestsPerSec ? [['of the NATS requests', share(limits.natsRequestsPerSec)] as const] : []),
    ['of the Koa requests', share(limits.koaRequestsPerSec)],
  ];
}

function takeoverRows({ takeoverMs, handoverMs }: RunResult): Row[] {
  const takeovers = Object.entries(takeoverMs ?? {}).map(([fault, row]) => takeoverRow(`taken over, ${fault}`, row));
  return [...takeovers, ...(handoverMs ? [takeoverRow('handed over, sigterm', handoverMs)] : [])];
}

function takeoverRow(name: string, { sessions, p50, p99, max, failed }: Takeover): Row {
  return [name, `${sessions} sessions: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms; ${failed} requests failed`];
}

function backlogRows({ sizes = [] }: RunResult): Row[] {
  return sizes.map(({ queued, seededPerSec, takeoverMs, drainPerSec, pickupMs, schedulerRssMb }) => [
    `${queued} queued`,
    `drained ${drainPerSec}/s; critical picked up in p50 ${pickupMs.p50} ms, p99 ${pickupMs.p99} ms (${pickupMs.count}); known after ${takeoverMs} ms; scheduler ${schedulerRssMb} MB; seeded by the commit statement alone, ${seededPerSec}/s`,
  ]);
}

function limitRows(limits: Limits): Row[] {
  return [
    ['limit: single-row commits', `${limits.singleRowCommitsPerSec}/s`],
    ['limit: batched commits', `${limits.batchedCommitsPerSec}/s`],
    ...(limits.natsRequestsPerSec ? [['limit: NATS requests', `${limits.natsRequestsPerSec}/s`] as const] : []),
    ['limit: Koa requests', `${limits.koaRequestsPerSec}/s`],
  ];
}
