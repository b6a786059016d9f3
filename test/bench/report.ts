import type { Pickups } from './backlog/critical.ts';
import type { Fairness } from './backlog/fairness.ts';
import type { BacklogFigures } from './backlog/measure-backlog.ts';
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
  const { opsPerSec, p50Ms, p95Ms, p99Ms, limits, cpuSecPer1000By } = result;
  // The operations of the others are not what they are about.
  if (cpuSecPer1000By === undefined) return [];
  const by = Object.entries(cpuSecPer1000By).map(([name, seconds]) => `${name} ${seconds}`);
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

function takeoverRows({ takeoverMs, frozenMs, handoverMs }: RunResult): Row[] {
  return [
    ...(takeoverMs ? [takeoverRow('taken over, SIGKILL', takeoverMs)] : []),
    ...(frozenMs ? [takeoverRow('taken over, SIGSTOP', frozenMs)] : []),
    ...(handoverMs ? [takeoverRow('handed over, SIGTERM', handoverMs)] : []),
  ];
}

function takeoverRow(name: string, { sessions, p50, p99, max, answered, failed }: Takeover): Row {
  const commits = `${sessions} sessions commit again: p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
  const answers = `answer a new command: p50 ${answered.p50} ms, p99 ${answered.p99} ms`;
  return [name, `${commits}; ${answers}; ${failed} requests failed`];
}

function backlogRows({ freeSlotMs, fairness, sizes = [] }: RunResult): Row[] {
  const light: Row[] = freeSlotMs ? [['accepted to running, slots free', pickupText(freeSlotMs)]] : [];
  return [...light, ...(fairness ? [fairnessRow(fairness)] : []), ...sizes.flatMap(sizeRows)];
}

function fairnessRow({ jain, compared, threeToOne }: Fairness): Row {
  return ['fairness', `Jain's index of ${compared} tenants by weight ${jain}; weights 3:1 give ${threeToOne}:1`];
}

function sizeRows(figures: BacklogFigures): Row[] {
  const { queued, enqueuePerSec, enqueued, takeoverMs, drainPerSec, pickupMs, succession } = figures;
  const rows: Row[] = [
    ['', `enqueued ${enqueuePerSec}/s (${enqueued} over the API, the rest before); known after ${takeoverMs} ms`],
    ['', countedText(figures.countedMs)],
    ['', `drained ${drainPerSec}/s`],
    ['', `new critical ones half-way, from a slot being free: ${pickupText(pickupMs)}`],
    ['', `CPU-s per 1,000: enqueued ${figures.cpu.enqueue.all}, drained ${figures.cpu.drain.all}`],
    ['', `scheduler ${figures.schedulerRssMb} MB`],
    ['', decisionText(figures.decisions)],
  ];
  if (succession)
    rows.push([
      '',
      `scheduler killed: next one active after ${succession.electedMs} ms, dispatches after ${succession.dispatchedMs} ms, knows all after ${succession.knownMs} ms`,
    ]);
  return rows.map(([, text], index) => [index === 0 ? `${queued} queued` : '', text]);
}

function countedText({ first, again }: BacklogFigures['countedMs']): string {
  return `history counted ${first} ms after the first start${again === null ? '' : `, ${again} ms after the next one`}`;
}

function decisionText({ decisionUs, queueUs, bytesEach, compareMs }: BacklogFigures['decisions']): string {
  return `scheduler alone, CPU: ${decisionUs} µs a decision, ${queueUs} µs to queue one, ${compareMs} ms to compare; ${bytesEach} bytes each`;
}

function pickupText({ p50, p99, count }: Pickups): string {
  if (count === 0) return 'too few wait for that';
  return `p50 ${p50} ms, p99 ${p99} ms (${count})`;
}

function limitRows(limits: Limits): Row[] {
  return [
    ['limit: single-row commits', `${limits.singleRowCommitsPerSec}/s`],
    ['limit: batched commits', `${limits.batchedCommitsPerSec}/s`],
    ...(limits.natsRequestsPerSec ? [['limit: NATS requests', `${limits.natsRequestsPerSec}/s`] as const] : []),
    ['limit: Koa requests', `${limits.koaRequestsPerSec}/s`],
  ];
}
