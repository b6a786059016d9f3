import type { SessionView, StoredSessionEvent, WorkspaceDiff } from '@oio/contracts';
import type { Client } from '@oio/sdk';

/** What became of a session. */
export interface Outcome {
  readonly session: SessionView;
  readonly history: readonly StoredSessionEvent[];
  /** Null when it has changed nothing, or never had a workspace. */
  readonly diff: WorkspaceDiff | null;
}

export async function collectOutcome(client: Client, id: string): Promise<Outcome> {
  const session = await client.getSession({ id });
  const diff = session.workspaceInUse ? (await client.getDiff({ id })).diff : null;
  return { session, history: await readHistory(client, id), diff };
}

async function readHistory(client: Client, id: string): Promise<StoredSessionEvent[]> {
  const history: StoredSessionEvent[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<Client['getHistory']>> = await client.getHistory({ id, after });
    history.push(...(page.events as StoredSessionEvent[]));
    after = page.nextAfter;
  }
  return history;
}
