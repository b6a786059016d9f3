import { setTimeout as delay } from 'node:timers/promises';
import type { AgentServer, SessionRef } from '../ports.ts';

const VERIFY_FOR_MS = 10_000;
const LOOK_AGAIN_MS = 200;

/** Ends a turn and those of its sub-sessions, and looks until none of them works. Returns the proof, in words. */
export async function stopTurn(agent: AgentServer, ref: SessionRef): Promise<string> {
  const family = [ref, ...(await descendants(agent, ref))];
  for (const member of family) await agent.abort(member);
  const until = performance.now() + VERIFY_FOR_MS;
  for (;;) {
    const activities = await agent.activities(ref.directory);
    const busy = family.filter(({ sessionId }) => (activities.get(sessionId)?.type ?? 'idle') !== 'idle');
    if (busy.length === 0)
      return `Aborted; ${family.length} OpenCode session${family.length === 1 ? '' : 's'} seen idle.`;
    if (performance.now() > until)
      return `Aborted, but ${busy.map(({ sessionId }) => sessionId).join(', ')} still counted as busy after ${VERIFY_FOR_MS / 1_000} s.`;
    await delay(LOOK_AGAIN_MS);
  }
}

async function descendants(agent: AgentServer, ref: SessionRef): Promise<SessionRef[]> {
  const children = await agent.children(ref);
  const refs = children.map(({ id, directory }) => ({ sessionId: id, directory }));
  const below = await Promise.all(refs.map((child) => descendants(agent, child)));
  return [...refs, ...below.flat()];
}
