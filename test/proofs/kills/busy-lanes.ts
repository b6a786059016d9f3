import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionDetail } from '@oio/contracts';
import type { Client } from '@oio/sdk';
import { makeRepository } from '../make-repository.ts';
import { tracedPrompt } from './traced-turns.ts';

/** A session that was accepted, and how it ended. */
export interface TracedSession {
  readonly number: number;
  readonly directory: string;
  readonly id: string;
  /** As it was when it was waited for no longer. */
  readonly last: SessionDetail;
}

export interface LanesOptions {
  readonly client: Client;
  readonly workDirectory: string;
  readonly lanes: number;
  /** No further session is begun after it. */
  readonly over: AbortSignal;
}

/** A turn that is killed again and again takes a while; one that takes this long has been forgotten. */
const ENDED_WITHIN_MS = 600_000;

/** Keeps so many repositories busy with one session after the other; resolves when the last have ended. */
export async function runLanes({ client, workDirectory, lanes, over }: LanesOptions): Promise<TracedSession[]> {
  const sessions: TracedSession[] = [];
  let count = 0;
  const lane = async (_: unknown, index: number): Promise<void> => {
    const directory = join(workDirectory, `lane-${index}`);
    await mkdir(directory);
    await makeRepository(directory);
    while (!over.aborted) {
      count += 1;
      const number = count;
      const draft = { title: `Leave traces ${number}`, prompt: tracedPrompt(number), directory };
      const { id } = await client.createSession({ ...draft, workspace: 'in_place' });
      const ended = client.ended(id, { signal: AbortSignal.timeout(ENDED_WITHIN_MS) });
      const last = await ended.catch(() => client.getSession({ id }));
      sessions.push({ number, directory, id, last });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return sessions;
}
