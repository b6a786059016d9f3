import { setTimeout as delay } from 'node:timers/promises';
import { NotFoundError, TimeoutError } from '@oio/errors';
import type { AgentServer, SessionRef } from '../ports.ts';

const VERIFY_FOR_MS = 10_000;
const LOOK_AGAIN_MS = 200;
/** A prompt that was taken counts as idle until its run is registered. An abort before that has no effect. */
const REGISTERED_WITHIN_MS = 3_000;

export interface StopOptions {
  /** When a prompt was last handed over, in `performance.now()`; null when none was for long. */
  readonly sentAtMs: number | null;
}

/**
 * Ends a turn and those of its sub-sessions, and looks until none of them works. Returns the proof, in words. Throws
 * `TimeoutError` when there is none.
 */
export async function stopTurn(agent: AgentServer, ref: SessionRef, { sentAtMs }: StopOptions): Promise<string> {
  const settledAtMs = sentAtMs === null ? 0 : sentAtMs + REGISTERED_WITHIN_MS;
  const giveUpAtMs = performance.now() + VERIFY_FOR_MS;
  let family: readonly SessionRef[] = [ref];
  let working = family;
  for (;;) {
    for (const member of working) await agent.abort(member);
    family = [ref, ...(await descendants(agent, ref))];
    const activities = await agent.activities(ref.directory);
    working = family.filter(({ sessionId }) => (activities.get(sessionId)?.type ?? 'idle') !== 'idle');
    const nowMs = performance.now();
    if (working.length === 0 && nowMs >= settledAtMs) break;
    if (nowMs > giveUpAtMs)
      throw new TimeoutError(`${working.map(({ sessionId }) => sessionId).join(', ')} went on after being aborted.`, {
        code: 'turn_not_stopped',
      });
    await delay(LOOK_AGAIN_MS);
  }
  return `Aborted; ${family.length} OpenCode session${family.length === 1 ? '' : 's'} seen idle.`;
}

/** The sub-sessions of a session, at whatever depth. */
export async function descendants(agent: AgentServer, ref: SessionRef): Promise<SessionRef[]> {
  const children = await agent.children(ref).catch((error: unknown) => {
    // A session that is not known, or no longer, has none.
    if (error instanceof NotFoundError) return [];
    throw error;
  });
  const refs = children.map(({ id, directory }) => ({ sessionId: id, directory }));
  const below = await Promise.all(refs.map((child) => descendants(agent, child)));
  return [...refs, ...below.flat()];
}
