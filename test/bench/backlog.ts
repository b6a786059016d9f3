import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, openDatabase } from '@oio/persistence';
import type { Mode } from './arguments.ts';
import { Connection } from './client/connection.ts';
import { submission } from './client/submission.ts';
import { percentiles } from './percentiles.ts';
import { usageOf } from './process-usage.ts';
import { seedBacklog } from './seed-backlog.ts';
import { startBacking } from './system/backing.ts';
import { type StartedSystem, startSystem } from './system/start-system.ts';

/** What draining a backlog of one size came to. */
export interface BacklogFigures {
  readonly queued: number;
  /** By the commit statement, without the HTTP API. */
  readonly seededPerSec: number;
  /** From becoming the active scheduler until all that wait were in memory. */
  readonly takeoverMs: number;
  readonly drainPerSec: number;
  /** Of critical sessions put in meanwhile: from the commit that queues one to the commit that runs it. */
  readonly pickupMs: { readonly p50: number; readonly p99: number; readonly count: number };
  /** Resident memory of the process that the scheduler is in, the whole orchestrator when standalone. */
  readonly schedulerRssMb: number;
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
const TAKEN_OVER = /"tookMs":(\d+)[^\n]*"msg":"all that wait are known"/;
const WARM_UP_MS = 120_000;
const SHORTEST_LOOK_MS = 50;
const CRITICAL_EVERY_MS = 20;

/** W4: a backlog is drained by null agents, with critical sessions put in meanwhile. Each size on servers of its own. */
export async function measureBacklog(options: BacklogOptions): Promise<BacklogFigures> {
  const { mode, queued, slots, onProgress } = options;
  const directory = join(options.directory, `w4-${queued}`);
  await mkdir(join(directory, 'projects'), { recursive: true });
  await using backing = await startBacking(directory, mode);
  onProgress(`w4: queueing ${queued}`);
  const seeding = { databaseUrl: backing.postgres.url, root: join(directory, 'projects'), count: queued + WARM_UP };
  const seededPerSec = await seedBacklog(seeding);
  await using system = await startSystem(backing, { ...options, directory, slots, agents: 'answer', sessionActors: 1 });
  const scheduler = system.services.find(({ name }) => name === 'scheduler' || name === 'standalone');
  if (!scheduler) throw new Error('There is no scheduler.');
  const takeoverMs = Number(await scheduler.said(TAKEN_OVER));
  onProgress(`w4: draining ${queued}, known after ${takeoverMs} ms`);
  await using database = await openDatabase(backing.postgres.url, { connections: 2 });
  const drained = await drain(database, system, options);
  const schedulerRssMb = usageOf([scheduler.pid]).rssMb;
  return { queued, seededPerSec: Math.round(seededPerSec), takeoverMs, ...drained, schedulerRssMb };
}

async function drain(database: Database, system: StartedSystem, { queued, seconds }: BacklogOptions) {
  // Counting costs Postgres in proportion to what waits.
  const lookMs = Math.max(SHORTEST_LOOK_MS, queued / 500);
  await until(async () => (await waiting(database)) <= queued, { withinMs: WARM_UP_MS, lookMs });
  const [before, startedMs] = [await waiting(database), performance.now()];
  const critical = putInCritical(system);
  await until(async () => (await waiting(database)) <= slotsOf(system), { withinMs: seconds * 1_000, lookMs });
  const [after, endedMs] = [await waiting(database), performance.now()];
  const ids = await critical.stop();
  const drainPerSec = Math.round((before - after + ids.length) / ((endedMs - startedMs) / 1_000));
  const { p50, p99 } = percentiles(await pickups(database, ids));
  return { drainPerSec, pickupMs: { p50, p99, count: ids.length } };
}

/** When no more than these wait, slots are empty. */
function slotsOf({ directories }: StartedSystem): number {
  return directories.length;
}

async function waiting(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::int as count from sessions where waiting_since is not null',
  );
  return row?.count ?? 0;
}

function putInCritical({ url, apiKey, directories }: StartedSystem) {
  const connection = new Connection(url, apiKey);
  const ids: string[] = [];
  let isOver = false;
  const putIn = async (): Promise<void> => {
    for (let number = 0; !isOver; number += 1) {
      const directory = directories[number % directories.length] ?? '';
      const session = { ...submission(directory), priority: 'critical' };
      const { status, body } = await connection.post('/v1/sessions', JSON.stringify(session));
      if (status === 201) ids.push((JSON.parse(body) as { id: string }).id);
      await pause(CRITICAL_EVERY_MS);
    }
  };
  const running = putIn();
  return {
    async stop(): Promise<readonly string[]> {
      isOver = true;
      await running;
      await pause(1_000);
      connection.close();
      return ids;
    },
  };
}

async function pickups(database: Database, ids: readonly string[]): Promise<readonly number[]> {
  const rows = await database.query<{ ms: number }>(
    `select (extract(epoch from r.at - q.at) * 1000)::float8 as ms from session_events q join session_events r using (session_id)
     where session_id = any($1::uuid[]) and q.type = 'session.queued' and r.type = 'session.running'`,
    [ids],
  );
  return rows.map(({ ms }) => ms);
}

/** Returns when it is so, or the time is over. */
async function until(
  isSo: () => Promise<boolean>,
  { withinMs, lookMs }: { readonly withinMs: number; readonly lookMs: number },
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs && !(await isSo())) await pause(lookMs);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
