import { type BacklogFigures, measureBacklog } from './backlog/measure-backlog.ts';
import type { Pickups } from './backlog/critical.ts';
import { type Fairness, measureFairness } from './backlog/fairness.ts';
import { measureFreeSlots } from './backlog/free-slots.ts';
import type { Mode, Workload } from './arguments.ts';
import { type Limits, measureLimits } from './limits/measure-limits.ts';
import { startLiveSessions } from './live-sessions.ts';
import { type LoadFigures, measureLoad } from './load.ts';
import { startBacking } from './system/backing.ts';
import { startSystem } from './system/start-system.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { type Fault, measureFailover, type Takeover } from './failover.ts';

export interface RunOptions {
  readonly workload: Workload;
  readonly mode: Mode;
  readonly seconds: number;
  readonly clients: number;
  readonly sizes: readonly number[];
  readonly profiles: string | null;
  /** Data and logs are left there, for somebody to read. */
  readonly keep: boolean;
  readonly onProgress: (text: string) => void;
}

export interface RunResult extends Partial<LoadFigures> {
  readonly workload: Workload;
  readonly mode: Mode;
  readonly clients: number;
  readonly limits: Limits;
  /** W3: a session-actor that is killed. */
  readonly takeoverMs?: Takeover;
  /** W3: one that is frozen. */
  readonly frozenMs?: Takeover;
  /** W4: at a light load on an empty queue, from being accepted and queued to running. */
  readonly freeSlotMs?: Pickups;
  readonly fairness?: Fairness;
  /** W4: by size. */
  readonly sizes?: readonly BacklogFigures[];
  /** W3: a session-actor that is told to stop. */
  readonly handoverMs?: Takeover;
}

const LIMIT_MS = 2_000;
const LIVE_SESSIONS = 1_000;

/** One workload on servers and services of its own, the limits before it; everything is stopped at the end. */
export function runWorkload(options: RunOptions): Promise<RunResult> {
  return withTemporaryDirectory({ prefix: 'oio-bench-', keeps: options.keep }, (directory) => {
    if (options.keep) options.onProgress(`data and logs in ${directory}`);
    return run(options, directory);
  });
}

async function run(options: RunOptions, directory: string): Promise<RunResult> {
  const { workload, mode, clients, onProgress } = options;
  onProgress('starting the servers');
  await using backing = await startBacking(directory, mode);
  const limits = await measureLimits(backing, { clients, ms: LIMIT_MS, onProgress });
  const common = { workload, mode, clients, limits };
  if (workload === 'limits') return common;
  if (workload === 'w3') return { ...common, ...(await takeovers(options, directory)) };
  if (workload === 'w4') return { ...common, ...(await backlogs(options, directory)) };
  return { ...common, ...(await load(backing, { ...options, workload, directory })) };
}

async function takeovers(options: RunOptions, directory: string) {
  const measure = (fault: Fault): Promise<Takeover> => measureFailover({ ...options, directory, fault });
  const handoverMs = await measure('SIGTERM');
  return { takeoverMs: await measure('SIGKILL'), frozenMs: await measure('SIGSTOP'), handoverMs };
}

async function backlogs(options: RunOptions, directory: string) {
  const parts = { ...options, directory, slots: options.clients };
  const freeSlotMs = await measureFreeSlots(parts);
  const fairness = await measureFairness(parts);
  const sizes: BacklogFigures[] = [];
  for (const queued of options.sizes) sizes.push(await measureBacklog({ ...parts, queued }));
  return { freeSlotMs, fairness, sizes };
}

async function load(
  backing: Awaited<ReturnType<typeof startBacking>>,
  options: RunOptions & { readonly workload: 'w1' | 'w2'; readonly directory: string },
): Promise<LoadFigures> {
  const { workload, clients, onProgress } = options;
  const isW1 = workload === 'w1';
  onProgress('starting the services');
  const plan = { slots: isW1 ? clients : LIVE_SESSIONS, agents: isW1 ? 'answer' : 'hold', sessionActors: 1 } as const;
  await using system = await startSystem(backing, { ...options, ...plan });
  return await system.whileRunning(async () => {
    const sessionIds = isW1 ? [] : await startLiveSessions(system);
    return measureLoad({ ...options, system, spec: { workload, clients, sessionIds } });
  });
}
