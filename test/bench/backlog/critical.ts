import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@oio/persistence';
import { Connection } from '../client/connection.ts';
import { submission } from '../client/submission.ts';
import { percentiles } from '../percentiles.ts';
import type { System } from '../system/system.ts';

/** How long critical sessions took to run, in milliseconds by the times of their events. */
export interface Pickups {
  /** Null where there was none. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly count: number;
}

export const NO_PICKUPS: Pickups = { p50: null, p99: null, count: 0 };

export interface Critical {
  /** Puts in no more; returns the ids of all that were put in, when they had time to run. */
  stop(): Promise<readonly string[]>;
}

const SETTLE_MS = 1_000;

/** Puts in critical sessions one by one, so often, until it is stopped. */
export function putInCritical({ url, apiKey, directories }: System, everyMs: number): Critical {
  const connection = new Connection(url, apiKey);
  const ids: string[] = [];
  let isOver = false;
  const putIn = async (): Promise<void> => {
    for (let number = 0; !isOver; number += 1) {
      const session = { ...submission(directories[number % directories.length] ?? ''), priority: 'critical' };
      const { status, body } = await connection.post('/v1/sessions', JSON.stringify(session));
      if (status !== 201) throw new Error(`A critical session was refused: ${status} ${body.slice(0, 300)}`);
      ids.push((JSON.parse(body) as { id: string }).id);
      await pause(everyMs);
    }
  };
  const running = putIn();
  // Told by `stop`: before that it would end the bench without a word of what came first.
  running.catch(() => {});
  return {
    async stop() {
      isOver = true;
      await running;
      await pause(SETTLE_MS);
      connection.close();
      return ids;
    },
  };
}

/** From being queued to running. */
export async function pickupsOf(database: Database, ids: readonly string[]): Promise<Pickups> {
  const starts = await startsOf(database, ids);
  return summaryOf(starts.map(({ queuedMs, runningMs }) => runningMs - queuedMs));
}

/**
 * While all slots are taken: from when both the session was queued and a slot had become free to running. A critical session comes
 * first, so that the first session that ends after it was queued makes its slot free.
 */
export async function pickupsOfFreedSlots(database: Database, ids: readonly string[]): Promise<Pickups> {
  const ends = await database.query<{ ms: number }>(
    `select (extract(epoch from at) * 1000)::float8 as ms from session_events where type = 'session.completed' order by at`,
  );
  const starts = await startsOf(database, ids);
  return summaryOf(
    starts.map(({ queuedMs, runningMs }) => runningMs - (ends.find(({ ms }) => ms >= queuedMs)?.ms ?? queuedMs)),
  );
}

interface Start {
  readonly queuedMs: number;
  readonly runningMs: number;
}

async function startsOf(database: Database, ids: readonly string[]): Promise<readonly Start[]> {
  return database.query<Start>(
    `select (extract(epoch from q.at) * 1000)::float8 as "queuedMs", (extract(epoch from r.at) * 1000)::float8 as "runningMs"
     from session_events q join session_events r using (session_id)
     where session_id = any($1::uuid[]) and q.type = 'session.queued' and r.type = 'session.running'`,
    [ids],
  );
}

function summaryOf(samples: readonly number[]): Pickups {
  if (samples.length === 0) return NO_PICKUPS;
  const { p50, p99 } = percentiles(samples);
  return { p50, p99, count: samples.length };
}
