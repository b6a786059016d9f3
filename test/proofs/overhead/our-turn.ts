import type { Client } from '@oio/sdk';

export interface OurTurn {
  /** From the commit that dispatches it to the one that completes it, in milliseconds. */
  readonly dispatchedToCompletedMs: number;
  /** From the call of the client to the answer that shows it completed. */
  readonly submittedToSeenMs: number;
}

const ENDED_WITHIN_SECONDS = 60;

/** The same turn through the orchestrator. */
export async function runOurTurn(client: Client, directory: string, prompt: string): Promise<OurTurn> {
  const draft = { title: 'Through the orchestrator', prompt, directory, workspace: 'in_place' as const };
  const beganAtMs = performance.now();
  const { id, status } = await client.createSession(draft, { waitSeconds: ENDED_WITHIN_SECONDS });
  const submittedToSeenMs = performance.now() - beganAtMs;
  if (status !== 'completed') throw new Error(`Session ${id} is ${status}.`);
  const { events } = await client.getHistory({ id, limit: 200 });
  const at = (wanted: string): number => Date.parse(events.find(({ type }) => type === wanted)?.at ?? '');
  return { dispatchedToCompletedMs: at('session.completed') - at('session.running'), submittedToSeenMs };
}
