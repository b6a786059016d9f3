import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIORITIES } from '@oio/contracts';
import { commitSessions, openDatabase } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { copySessions } from './copy-sessions.ts';
import { type QueuedPlan, queuedSession } from './queued-session.ts';

const TENANTS = 20;
const DIRECTORIES_OF_EACH = 16;
const AT_ONCE = 500;
/** What is more is copied from these within the database, which is much quicker: 25 of each place and priority. */
const ORIGINALS = 8_000;
const CONNECTIONS = 2;

export interface Seeding {
  readonly databaseUrl: string;
  /** Where the project directories are. */
  readonly root: string;
  readonly count: number;
}

/**
 * Queues sessions of five priorities and twenty tenants by the product's own decision and commit statement, without the
 * HTTP API in front of it, and beyond some thousands as copies of these. Nobody owns them.
 */
export async function seedBacklog({ databaseUrl, root, count }: Seeding): Promise<void> {
  const places = await makePlaces(root);
  await using database = await openDatabase(databaseUrl, { connections: CONNECTIONS });
  const nobody = newId();
  const made = Math.min(count, ORIGINALS);
  let next = 0;
  const commitAll = async (): Promise<void> => {
    while (next < made) {
      const from = next;
      next = Math.min(made, from + AT_ONCE);
      const batch = Array.from({ length: next - from }, (_none, index) =>
        queuedSession(planOf(from + index, places), nobody),
      );
      await commitSessions(database, batch);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, commitAll));
  await copySessions(databaseUrl, count - made);
}

async function makePlaces(root: string): Promise<readonly string[]> {
  const places = Array.from({ length: TENANTS * DIRECTORIES_OF_EACH }, (_none, index) => join(root, `b${index}`));
  for (const path of places) await mkdir(path, { recursive: true });
  return places;
}

function planOf(number: number, places: readonly string[]): QueuedPlan {
  const tenant = number % TENANTS;
  const round = Math.floor(number / TENANTS);
  const directory = places[tenant * DIRECTORIES_OF_EACH + (round % DIRECTORIES_OF_EACH)] ?? '';
  return { tenant: `tenant-${tenant}`, directory, priority: PRIORITIES[round % PRIORITIES.length] ?? 'medium' };
}
