import { unreadableSession } from '@oio/domain';
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
    const all = timersOf(session);
    if (!all) commands.send(session.id, () => Promise.reject(unreadableSession(session.id)));
    const { due, inMs } = dueAmong(all ?? []);
    nextMs = Math.min(nextMs, inMs);
    if (due.length > 0) commands.send(session.id, () => fire(router, session, due));
  }
  return sessions.length === limit ? BUSY_POLL_MS : nextMs;
}

interface DueTimer {
  readonly name: string;
  readonly generation: number;
}

/** In how long each fires; null when they cannot be read: then the session rests longer and longer, and holds up nobody. */
function timersOf({ timers, nowMs }: TimedSession): (DueTimer & { readonly inMs: number })[] | null {
  const all = Object.entries(timers ?? {}).map(([name, timer]) => ({
    name,
    generation: timer?.generation,
    inMs: Date.parse(timer?.fireAt) - nowMs,
  }));
  // The database tells the time in parts of milliseconds.
  const isReadable =
    all.length > 0 && all.every(({ generation, inMs }) => Number.isSafeInteger(generation) && Number.isFinite(inMs));
  return isReadable ? all : null;
}

/** The timers that are due, and how long it is until the next one. */
function dueAmong(all: readonly (DueTimer & { readonly inMs: number })[]): { due: DueTimer[]; inMs: number } {
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
