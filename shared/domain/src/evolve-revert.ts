import type { Evolvers } from './evolvers.ts';
import { later } from './instants.ts';
import type { SessionSnapshot, Timer, TimerName } from './snapshot.ts';

/** Longer than the order is waited for. */
const AGAIN_MS = 10_000;

type RevertEvent = 'session.revert-requested' | 'session.reverted' | 'session.revert-failed';

/** How a session is taken back to a checkpoint. */
export const revertEvolvers: Pick<Evolvers, RevertEvent> = {
  'session.revert-requested': (snapshot, { seq, at, data: { checkpoint, resume, tries } }) => ({
    ...snapshot,
    revert: {
      checkpoint,
      state: 'under_way',
      failure: null,
      resume,
      requested: tries === 1 ? seq : (snapshot.revert?.requested ?? seq),
      tries,
      attempt: snapshot.attempt?.number ?? 0,
    },
    timers: { ...snapshot.timers, revert: { generation: seq, fireAt: later(at, AGAIN_MS) } },
  }),
  'session.reverted': (snapshot) => ({
    ...withoutTimer(snapshot),
    revert: snapshot.revert && { ...snapshot.revert, state: 'done' },
  }),
  'session.revert-failed': (snapshot, { data: { failure } }) => ({
    ...withoutTimer(snapshot),
    revert: snapshot.revert && { ...snapshot.revert, state: 'failed', failure },
  }),
};

function withoutTimer(snapshot: SessionSnapshot): SessionSnapshot {
  const timers: Partial<Record<TimerName, Timer>> = { ...snapshot.timers };
  delete timers.revert;
  return { ...snapshot, timers };
}
