import type { Status } from '@oio/contracts';
import { isTerminal } from '@oio/domain';
import { pause } from '../pause.ts';
import type { SentCommand } from './history.ts';
import { END_MS, order, type ScriptParts } from './script.ts';

/** Then the default is given: well before a run has to have come to rest, for whoever asks when its user has left. */
const ANSWER_WITHIN_SECONDS = 30;

/** The agent asks for a permission in its turn, and again if the turn is begun anew; its user answers whatever is asked. */
export async function asksForPermission(parts: ScriptParts): Promise<SentCommand> {
  const { client, directory, random } = parts;
  const created = await client.create({
    ...order(directory, 500),
    prompt: `[[work ms=${random.int(100, 500)} steps=3 ask=permission]] Do it.`,
    permissions: [{ tool: 'bash', pattern: '*', action: 'ask' }],
    approvalSeconds: ANSWER_WITHIN_SECONDS,
  });
  if (created.sessionId) await answerAll(parts, created.sessionId);
  return created;
}

async function answerAll({ client, random, abandoned }: ScriptParts, sessionId: string): Promise<void> {
  const giveUpAt = performance.now() + END_MS;
  while (performance.now() < giveUpAt && !abandoned.aborted) {
    for (const approvalId of await client.pendingApprovals(sessionId)) {
      const action = random.chance(0.8) ? 'allow' : 'deny';
      await client.answer(sessionId, approvalId, { action }, { twice: random.chance(0.3) });
    }
    const status = await client.status(sessionId, 0);
    if (status !== null && isTerminal(status as Status)) return;
    await pause(random.int(100, 300));
  }
}
