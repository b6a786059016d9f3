import { type MeasuredBacklog, measureBacklog } from './backlog/measure-backlog.ts';
import { measureFairness } from './backlog/fairness.ts';
import { measureFreeSlots } from './backlog/free-slots.ts';
import type { Mode, Workload } from './arguments.ts';
import { type Limits, measureLimits } from './limits/measure-limits.ts';
import { startLiveSessions } from './live-sessions.ts';
import { type LoadFigures, measureLoad } from './load.ts';
import { startBacking } from './system/backing.ts';
import { startSystem } from './system/start-system.ts';
import { withTemporaryDirectory } from '../temporary-directory.ts';
import { type Failover, type Fault, measureFailover } from './failover.ts';
import type { Figures } from './figures.ts';
import { type BacklogResult, backlogResult, limitsResult, type TakeoverResult, takeoverResult } from './results.ts';

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

type Details = Partial<Omit<LoadFigures & TakeoverResult & BacklogResult, keyof Figures | 'clients'>>;

/** What every workload says, and what one of them says beside it. */
export interface RunResult extends Figures, Details {
  readonly workload: Workload;
  readonly mode: Mode;
  readonly clients: number;
  readonly limits: Limits;
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
  const measuredLimits = await measureLimits(backing, { clients, ms: LIMIT_MS, onProgress });
  const common = { workload, mode, clients, limits: measuredLimits.limits };
  if (workload === 'limits') return { ...common, ...limitsResult(measuredLimits) };
  if (workload === 'w3') return { ...common, ...(await takeovers(options, directory)) };
  if (workload === 'w4') return { ...common, ...(await backlogs(options, directory)) };
  return { ...common, ...(await load(backing, { ...options, workload, directory })) };
}

async function takeovers(options: RunOptions, directory: string): Promise<TakeoverResult> {
  const measure = (fault: Fault): Promise<Failover> => measureFailover({ ...options, directory, fault });
  return takeoverResult({
    SIGTERM: await measure('SIGTERM'),
    SIGKILL: await measure('SIGKILL'),
    SIGSTOP: await measure('SIGSTOP'),
  });
}

async function backlogs(options: RunOptions, directory: string): Promise<BacklogResult> {
  const parts = { ...options, directory, slots: options.clients };
  const freeSlotMs = await measureFreeSlots(parts);
  const fairness = await measureFairness(parts);
  const measured: MeasuredBacklog[] = [];
  for (const queued of options.sizes) measured.push(await measureBacklog({ ...parts, queued }));
  return backlogResult({ freeSlotMs, fairness, backlogs: measured });
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
