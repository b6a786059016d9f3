import { setTimeout as pause } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIORITIES } from '@oio/contracts';
import { type Database, openDatabase } from '@oio/persistence';
import type { Mode } from '../arguments.ts';
import { type CpuPer1000, cpuPer1000, startCpuMeter } from '../cpu-meter.ts';
import type { Measured } from '../figures.ts';
import { usageOf } from '../process-usage.ts';
import { type Backing, startBacking } from '../system/backing.ts';
import type { ServiceProcess } from '../system/service-process.ts';
import { type StartedSystem, startSystem } from '../system/start-system.ts';
import { NO_PICKUPS, type Pickups, pickupsOfFreedSlots, putInCritical } from './critical.ts';
import { type Decisions, measureDecisions } from './decisions.ts';
import { settle } from './copy-sessions.ts';
import { measureDrain, waiting } from './drain.ts';
import { enqueue } from './enqueue.ts';
import { NOTHING_RUNS, setLimits } from './limits.ts';
import { seedBacklog } from './seed-backlog.ts';
import { historyCounted } from './settled.ts';
import { measureSuccession, type Succession } from './succession.ts';
import { until } from './until.ts';

/** What a backlog of one size came to. */
export interface BacklogFigures {
  readonly queued: number;
  /** Over the API, 1,000 in a request, while nothing may run. */
  readonly enqueuePerSec: number;
  /** So many of them; the rest was queued before by the commit statement alone. */
  readonly enqueued: number;
  /** From becoming the active scheduler until all that wait were in memory. */
  readonly takeoverMs: number;
  /** Until the metrics service had counted the stored history: at its first start beside it, and at the next one. */
  readonly countedMs: { readonly first: number; readonly again: number | null };
  /** With agents that answer at once, so that the machine is what limits it. */
  readonly drainPerSec: number;
  /** Of all processes but the bench: for 1,000 enqueued, and for 1,000 drained. */
  readonly cpu: { readonly enqueue: CpuPer1000; readonly drain: CpuPer1000 };
  /**
   * Of new critical sessions, half-way (those of the two upper classes have been served) with agents that work for about half a second and all
   * slots taken: from a slot being free to running.
   */
  readonly pickupMs: Pickups;
  /** When the active scheduler is killed then; null in one process. */
  readonly succession: Succession | null;
  /** Of the scheduler alone. */
  readonly decisions: Decisions;
  /** Resident memory of the process that the scheduler is in, the whole orchestrator when standalone: after draining. */
  readonly schedulerRssMb: number;
}

export interface MeasuredBacklog {
  readonly figures: BacklogFigures;
  /** What was drained at once; its latency is that of a session from running to completed. */
  readonly drain: Measured;
}

export interface BacklogOptions {
  readonly directory: string;
  readonly mode: Mode;
  readonly queued: number;
  readonly slots: number;
  readonly seconds: number;
  readonly profiles: string | null;
  readonly onProgress: (text: string) => void;
}

/** Sessions that are drained before anything is measured: processes that have just started are slow. */
const WARM_UP = 4_000;
const WARM_UP_MS = 120_000;
/** The same where the slots are the limit: 1,500 sessions with 64 of them. */
const PACED_WARM_UP_MS = 12_000;
const MOST_ENQUEUED = 20_000;
const KNOWN = /"tookMs":(\d+)[^\n]*"msg":"all that wait are known"/;
const SHORTEST_LOOK_MS = 50;
const CRITICAL_EVERY_MS = 20;

/** W4: a backlog is drained, with critical sessions put in meanwhile. Each size on servers of its own. */
export async function measureBacklog(options: BacklogOptions): Promise<MeasuredBacklog> {
  const { mode, queued, onProgress } = options;
  const directory = join(options.directory, `w4-${queued}`);
  await mkdir(join(directory, 'projects'), { recursive: true });
  await using backing = await startBacking(directory, mode);
  const enqueued = Math.min(queued, MOST_ENQUEUED);
  onProgress(`w4: queueing ${queued}`);
  const projects = join(directory, 'projects');
  await seedBacklog({ databaseUrl: backing.postgres.url, root: projects, count: queued - enqueued });
  await using database = await openDatabase(backing.postgres.url, { connections: 2 });
  const parts = { ...options, directory, projects, database, enqueued };
  const { drain, ...drained } = await drainAtOnce(backing, parts);
  const paced = queued > options.slots * WORTH_PACING ? await drainPaced(backing, parts) : NOT_PACED;
  await requireSuccess(database);
  const countedMs = { first: drained.countedMs, again: paced.countedAgainMs };
  const { pickupMs, succession } = paced;
  const decisions = await measureDecisions(queued);
  return { figures: { queued, enqueued, ...drained, countedMs, pickupMs, succession, decisions }, drain };
}

interface Parts extends BacklogOptions {
  readonly database: Database;
  readonly enqueued: number;
  readonly projects: string;
}

async function drainAtOnce(backing: Backing, parts: Parts) {
  const { database } = parts;
  await database.query(`insert into limits values ('limits', $1::json)`, [JSON.stringify(NOTHING_RUNS.limits)]);
  await using system = await startSystem(backing, { ...parts, agents: 'answer', sessionActors: 1 });
  return await system.whileRunning(() => enqueueAndDrain(system, parts));
}

async function enqueueAndDrain(system: StartedSystem, parts: Parts) {
  const { database, queued, enqueued, slots, seconds, onProgress } = parts;
  const scheduler = schedulerOf(system);
  onProgress(`w4: counting the history of ${queued}`);
  const [takeoverMs, countedMs] = await Promise.all([scheduler.said(KNOWN).then(Number), historyCounted(system)]);
  await enqueue(system, WARM_UP);
  const enqueueCpu = startCpuMeter(system.processes);
  const enqueuePerSec = Math.round(await enqueue(system, enqueued));
  const cpuOfEnqueue = cpuPer1000(enqueueCpu(), enqueued);
  onProgress(
    `w4: draining ${queued}, known after ${takeoverMs} ms, counted after ${countedMs} ms, enqueued ${enqueuePerSec}/s`,
  );
  await setLimits(system, { limits: [] });
  // Counting costs Postgres in proportion to what waits.
  const lookMs = Math.max(SHORTEST_LOOK_MS, queued / 500);
  await until(async () => (await waiting(database)) <= queued, { withinMs: WARM_UP_MS, lookMs });
  const { measured, cpu } = await measureDrain(system, { database, slots, withinMs: seconds * 1_000, lookMs });
  const drainPerSec = Math.round(measured.ops / (measured.tookMs / 1_000));
  const schedulerRssMb = usageOf([scheduler.pid]).rssMb;
  onProgress(`w4: drained ${drainPerSec}/s, scheduler ${schedulerRssMb} MB`);
  const cpus = { enqueue: cpuOfEnqueue, drain: cpuPer1000(cpu, measured.ops) };
  return { enqueuePerSec, takeoverMs, countedMs, drainPerSec, cpu: cpus, schedulerRssMb, drain: measured };
}

/** What is left is drained by agents that take their time: the slots are what limits it. */
async function drainPaced(backing: Backing, parts: Parts) {
  const { database } = parts;
  const plan = { agents: 'work', sessionActors: 1, schedulers: 2 } as const;
  // Of its own: in the logs of the services before them these would be found at addresses that are gone.
  const directory = join(parts.directory, 'paced');
  await mkdir(directory);
  await database.query(SERVE_UPPER_CLASSES, [PRIORITIES.indexOf('high')]);
  await settle(backing.postgres.url);
  await using system = await startSystem(backing, { ...parts, ...plan, directory });
  return await system.whileRunning(() => measurePickups(system, parts));
}

async function measurePickups(system: StartedSystem, { database, projects, slots, seconds, onProgress }: Parts) {
  onProgress(`w4: draining ${await waiting(database)} by agents that take half a second`);
  const known = Promise.race(schedulersOf(system).map((scheduler) => scheduler.said(KNOWN)));
  const [countedAgainMs] = await Promise.all([historyCounted(system), known]);
  await pause(PACED_WARM_UP_MS);
  const directories = await ownDirectories(projects, slots);
  const critical = putInCritical({ ...system, directories }, CRITICAL_EVERY_MS);
  await pause(seconds * 1_000);
  const pickupMs = await pickupsOfFreedSlots(database, await critical.stop());
  return { countedAgainMs, pickupMs, succession: await measureSuccession(database, system) };
}

/** In those that the backlog works in they would wait for its sessions, whatever slot is free. */
async function ownDirectories(projects: string, count: number): Promise<readonly string[]> {
  const directories = Array.from({ length: count }, (_none, index) => join(projects, `critical-${index}`));
  for (const path of directories) await mkdir(path, { recursive: true });
  return directories;
}

/** As if they had been: by their order they come before all others. */
const SERVE_UPPER_CLASSES =
  "update sessions set status = 'cancelled', waiting_since = null where waiting_since is not null and priority <= $1";
/** By so many turns of all slots the backlog must be larger: else it is drained before anything is measured. */
const WORTH_PACING = 200;
const NOT_PACED = { countedAgainMs: null, pickupMs: NO_PICKUPS, succession: null };

function schedulersOf({ services }: StartedSystem): ServiceProcess[] {
  return services.filter(({ name }) => name.startsWith('scheduler') || name === 'standalone');
}

function schedulerOf(system: StartedSystem): ServiceProcess {
  const [scheduler] = schedulersOf(system);
  if (!scheduler) throw new Error('There is no scheduler.');
  return scheduler;
}

/** One that fails at once is drained as well, and takes no half a second. */
async function requireSuccess(database: Database): Promise<void> {
  const failures = await database.query<{ data: string }>(
    "select data::text as data from session_events where type = 'session.failed' limit 1",
  );
  for (const { data } of failures) throw new Error(`Sessions have failed instead of being drained: ${data}`);
}
