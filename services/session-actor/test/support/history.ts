import { randomUUID } from 'node:crypto';
import type { StoredSessionEvent } from '@oio/contracts';
import type { Database } from '@oio/persistence';

/** What can run a statement: the database, or one connection of it. */
export type Runner = (sql: string, parameters: readonly unknown[]) => Promise<unknown>;

/** A session without a history. */
export async function newSession(database: Database): Promise<string> {
  const id = randomUUID();
  await database.query(
    `insert into sessions (id, tenant, status, priority, tags, directory, workspace, owner_epoch, version, attempt_open, state, created_at, updated_at)
     values ($1::uuid, 'acme', 'queued', 2, '{}', '/project', 'worktree', 1, 1, false, '{}', now(), now())`,
    [id],
  );
  return id;
}

/** Adds an event to the history of a session. */
export async function append(run: Runner, sessionId: string, seq: number, wish: Partial<Wish> = {}): Promise<void> {
  const { type = 'session.child-added', data = { childId: 'child' } } = wish;
  await run(
    `insert into session_events (session_id, seq, type, data, command_id, epoch, cause, at)
     values ($1::uuid, $2, $3, $4::jsonb, $5, 1, '{"kind":"system","id":"test"}', now())`,
    [sessionId, seq, type, JSON.stringify(data), `${sessionId}-${seq}`],
  );
}

interface Wish {
  readonly type: string;
  readonly data: unknown;
}

/** For messages: which event it is. */
export function nameOf({ sessionId, seq }: Pick<StoredSessionEvent, 'sessionId' | 'seq'>): string {
  return `${sessionId}:${seq}`;
}
