import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { newSession, PRIORITIES } from '@oio/contracts';
import { decideCreate } from '@oio/domain';
import { commitSessions, openDatabase, type SessionCommit } from '@oio/persistence';
import { newId } from '@oio/runtime';
import { submission } from '../client/submission.ts';
import { copySessions } from './copy-sessions.ts';

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
      const batch = Array.from({ length: next - from }, (_none, index) => queued(from + index, places, nobody));
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

function queued(number: number, places: readonly string[], owner: string): SessionCommit {
  const id = newId();
  const tenant = number % TENANTS;
  const round = Math.floor(number / TENANTS);
  const directory = places[tenant * DIRECTORIES_OF_EACH + (round % DIRECTORIES_OF_EACH)] ?? '';
  const priority = PRIORITIES[round % PRIORITIES.length] ?? 'medium';
  const session = {
    ...newSession.parse({ ...submission(directory), priority }),
    id,
    maxDurationSeconds: 3_600,
    approvalSeconds: 900,
  };
  const { events, next } = decideCreate(
    id,
    {
      tenant: `tenant-${tenant}`,
      createdBy: 'bench',
      session,
      place: { directory, workspace: 'in_place', repository: null },
      policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
    },
    {
      now: new Date().toISOString(),
      cause: { kind: 'system', id: 'bench' },
      commandId: null,
      epoch: 1,
    },
  );
  return { next, events, epoch: 1, fromVersion: 0, owner, schedulerEpoch: null };
}
