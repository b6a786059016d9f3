import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '@oio/persistence';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startLiveSessions } from './live-sessions.ts';
import { percentiles } from './percentiles.ts';
import { startBacking } from './system/backing.ts';
import { startSystem } from './system/start-system.ts';
import { type Watched, watchSessions } from './watch-sessions.ts';

/** Killed, frozen, or told to stop. */
export type Fault = 'SIGKILL' | 'SIGSTOP' | 'SIGTERM';

/** From the fault to the next commit of each session that the faulty process owned, in milliseconds. */
export interface Takeover {
  readonly sessions: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Commands that were answered with an error, from the fault on until all are taken over. */
  readonly failed: number;
}

export interface FailoverOptions {
  /** For everything of this run. */
  readonly directory: string;
  readonly fault: Fault;
  readonly profiles: string | null;
  readonly onProgress: (text: string) => void;
}

const SESSIONS = 64;
const SETTLE_MS = 2_000;
/** By then the http-gateway has heard of both session-actors, and gives each its share. */
const HEARD_MS = 1_500;

/**
 * W3: two session-actors own running sessions, one of the two has a fault, or is told to stop. A client sends commands to all sessions all the
 * time; a session is taken over when it has answered one that was sent after the fault.
 */
export async function measureFailover(options: FailoverOptions): Promise<Takeover> {
  const { fault, onProgress } = options;
  const directory = join(options.directory, fault);
  await mkdir(directory);
  await using backing = await startBacking(directory, 'distributed');
  onProgress(`w3, ${fault}: starting the services`);
  const plan = { slots: SESSIONS, agents: 'hold', sessionActors: 2 } as const;
  await using system = await startSystem(backing, { ...options, directory, ...plan });
  await pause(HEARD_MS);
  const ids = await startLiveSessions(system);
  const victim = system.services.find(({ name }) => name === 'session-actor-1');
  if (!victim) throw new Error('There is no session-actor-1.');
  using watch = watchSessions(system, ids);
  await pause(SETTLE_MS);
  const owned = await sessionsOf(backing.postgres.url, victim.pid);
  onProgress(`w3, ${fault}: ${owned.length} of ${ids.length} sessions are taken over`);
  const sinceMs = performance.now();
  victim.signal(fault);
  return await takeoverOf(watch, owned, sinceMs);
}

async function takeoverOf(watch: Watched, owned: readonly string[], sinceMs: number): Promise<Takeover> {
  const times = await watch.nextAnswers(owned, sinceMs);
  const failed = watch.failedSince(sinceMs);
  const { p50, p99, max } = percentiles(times);
  return { sessions: times.length, p50, p99, max, failed };
}

async function sessionsOf(databaseUrl: string, pid: number): Promise<readonly string[]> {
  await using database = await openDatabase(databaseUrl, { connections: 1 });
  const rows = await database.query<{ id: string }>(
    `select s.id from sessions s join workers w on w.incarnation = s.owner where w.pid = $1 and s.status = 'running'`,
    [pid],
  );
  if (rows.length === 0) throw new Error('The process that is to fail owns no session.');
  return rows.map(({ id }) => id);
}
