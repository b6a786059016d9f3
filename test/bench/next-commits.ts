import { setTimeout as pause } from 'node:timers/promises';
import { type Database, openDatabase } from '@oio/persistence';

/** A session, and the epoch under which it is owned. */
export interface OwnedSession {
  readonly id: string;
  readonly epoch: number;
}

const LOOK_MS = 5;
const PATIENCE_MS = 60_000;

/** Those whose newest event was committed under a later epoch, which only another owner has. */
const MOVED_ON = `
select known.id from unnest($1::uuid[], $2::bigint[]) as known (id, epoch)
where (select e.epoch from session_events e where e.session_id = known.id order by e.seq desc limit 1) > known.epoch`;

/** The running sessions of a process. Throws when there are none. */
export async function sessionsOf(database: Database, pid: number): Promise<readonly OwnedSession[]> {
  const rows = await database.query<OwnedSession>(
    `select s.id, s.owner_epoch::int as epoch from sessions s join workers w on w.incarnation = s.owner where w.pid = $1 and s.status = 'running'`,
    [pid],
  );
  if (rows.length === 0) throw new Error('The process that is to fail owns no session.');
  return rows;
}

/** For each of them, in milliseconds after `sinceMs` (of `performance`), when its next commit under another owner was there to be read; looked for every 5 ms. */
export async function nextCommits(
  database: Database,
  owned: readonly OwnedSession[],
  sinceMs: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  const left = new Map(owned.map(({ id, epoch }) => [id, epoch]));
  while (left.size > 0) {
    const moved = await database.query<{ id: string }>(MOVED_ON, [[...left.keys()], [...left.values()]]);
    const afterMs = performance.now() - sinceMs;
    for (const { id } of moved) if (left.delete(id)) times.push(afterMs);
    if (afterMs > PATIENCE_MS) throw new Error(`${left.size} sessions have not committed under another owner.`);
    await pause(LOOK_MS);
  }
  return times;
}

/** A connection that is open already when it is needed. */
export async function openWarm(databaseUrl: string): Promise<Database> {
  const database = await openDatabase(databaseUrl, { connections: 1 });
  await database.query(MOVED_ON, [[], []]);
  return database;
}
