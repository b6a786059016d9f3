import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { CommandOutcome, PacedCommands } from './paced-commands.ts';
import type { SessionTable, TimedSession } from './ports.ts';

/** How far ahead timers are looked for; also the longest time between two looks. */
export const TIMER_POLL_MS = 500;
/** When more are due than can be sent at once. */
const BUSY_POLL_MS = 20;

export interface TimerParts {
  readonly table: SessionTable;
  readonly router: SessionRouter;
  readonly commands: PacedCommands;
}

/** Fires what is due by the database's clock; returns in how many milliseconds the next look should be. */
export async function fireTimers({ table, router, commands }: TimerParts): Promise<number> {
  const limit = commands.room;
  if (limit === 0) return BUSY_POLL_MS;
  const sessions = await table.withTimer({ withinMs: TIMER_POLL_MS, limit, except: commands.resting });
  let nextMs = TIMER_POLL_MS;
  for (const session of sessions) {
    const { due, inMs } = dueTimers(session);
    nextMs = Math.min(nextMs, inMs);
    if (due.length > 0) commands.send(session.id, () => fire(router, session, due));
  }
  return sessions.length === limit ? BUSY_POLL_MS : nextMs;
}

interface DueTimer {
  readonly name: string;
  readonly generation: number;
}

/** The timers that are due, and how long it is until the next one. */
function dueTimers({ timers, nowMs }: TimedSession): { due: DueTimer[]; inMs: number } {
  const all = Object.entries(timers).map(([name, { generation, fireAt }]) => ({
    name,
    generation,
    inMs: Date.parse(fireAt) - nowMs,
  }));
  const later = all.filter(({ inMs }) => inMs > 0).map(({ inMs }) => Math.ceil(inMs));
  return { due: all.filter(({ inMs }) => inMs <= 0), inMs: Math.min(TIMER_POLL_MS, ...later) };
}

/** The command id is made of what fires, so that a timer that is fired twice has one effect. */
async function fire(
  router: SessionRouter,
  { id, tenant }: TimedSession,
  due: readonly DueTimer[],
): Promise<CommandOutcome> {
  let outcome: CommandOutcome = 'done';
  for (const { name, generation } of due) {
    const envelope = {
      ...serviceEnvelope('scheduler', { tenant, id: `timer:${id}:${name}:${generation}` }),
      sessionId: id,
    };
    const reply = await router.send('fire-timer', { name, generation }, envelope);
    // Stale: the session has moved on since it was read. If not, it must not be fired over and over.
    if (reply.outcome !== 'applied') outcome = 'again';
  }
  return outcome;
}
