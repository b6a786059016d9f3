import type { StoredSessionEvent } from '@oio/contracts';
import { readSnapshot, type SessionSnapshot, type StoredSession as StoredParts } from '@oio/domain';
import { type Database, storedSession } from '../../src/index.ts';

export interface StoredSession {
  readonly snapshot: SessionSnapshot;
  readonly version: number;
  readonly events: readonly StoredSessionEvent[];
}

/** What the database has of a session; null for nothing. */
export async function stored(database: Database, id: string): Promise<StoredSession | null> {
  const [row] = await database.query<StoredParts & { version: number }>(
    `select ${storedSession('sessions')}, version::int as version from sessions where id = $1::uuid`,
    [id],
  );
  const events = await database.query<StoredSessionEvent>(
    `select session_id as "sessionId", seq::int as seq, command_id as "commandId", epoch::int as epoch, cause, type, data,
       to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
     from session_events where session_id = $1::uuid order by seq`,
    [id],
  );
  if (!row) return null;
  const snapshot = readSnapshot(row);
  if (!snapshot) throw new Error(`Session ${id} cannot be read.`);
  const { tenant } = snapshot;
  return { snapshot, version: row.version, events: events.map((event) => ({ ...event, tenant })) };
}

/** The versions in the database, in the order of the ids. */
export async function versions(database: Database, ids: readonly string[]): Promise<readonly number[]> {
  const rows = await database.query<{ id: string; version: number }>(
    'select id, version::int as version from sessions where id = any($1::uuid[])',
    [ids],
  );
  const byId = new Map(rows.map(({ id, version }) => [id, version]));
  return ids.map((id) => byId.get(id) ?? 0);
}
