import type { Status } from '@oio/contracts';
import { isTerminal } from '@oio/domain';
import { pause } from '../pause.ts';
import type { Random } from '../random.ts';
import type { History, SentCommand } from './history.ts';
import type { HttpClient } from './http-client.ts';

export interface ScriptParts {
  readonly client: HttpClient;
  readonly history: History;
  readonly random: Random;
  /** A directory that no other session works in at the moment, so that nothing waits for it. */
  readonly directory: string;
  /** A further one of these. */
  readonly anotherDirectory: () => string;
  readonly signal: AbortSignal;
  /** Given when nothing matters any more: nobody waits for the end of a session then. */
  readonly abandoned: AbortSignal;
}

/** What a client wants of one session, from its submission to the end. Returns its submission. */
export type Script = (parts: ScriptParts) => Promise<SentCommand>;

/** How long a client waits for its session to end before it turns to the next one: faults may take long. */
export const END_MS = 60_000;

/** What a session is to do: so long in two steps. */
export function order(directory: string, ms: number) {
  return {
    title: 'Keep going whatever fails',
    prompt: `[[work ms=${ms} steps=2]] Do it.`,
    directory,
    workspace: 'in_place',
  };
}

/** Waits until the session has one of the states; false when it ends before, or takes too long. */
export async function becomes(
  { client, signal }: ScriptParts,
  sessionId: string,
  wanted: readonly string[],
): Promise<boolean> {
  for (let tries = 0; tries < 100 && !signal.aborted; tries += 1) {
    const status = await client.status(sessionId, 0);
    if (status !== null && wanted.includes(status)) return true;
    if (status !== null && isTerminal(status as Status)) return false;
    await pause(50, signal);
  }
  return false;
}

/** Waits for the end of a session, or gives up on it. */
export async function ended(
  { client, random, abandoned }: Pick<ScriptParts, 'client' | 'random' | 'abandoned'>,
  sessionId: string,
): Promise<void> {
  const giveUpAt = performance.now() + END_MS;
  while (performance.now() < giveUpAt && !abandoned.aborted) {
    const status = await client.status(sessionId, 5);
    if (status !== null && isTerminal(status as Status)) return;
    await pause(random.int(100, 300));
  }
}
