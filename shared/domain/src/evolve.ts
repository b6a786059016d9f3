import type { StoredSessionEvent } from '@oio/contracts';
import { approvalEvolvers } from './evolve-approvals.ts';
import { attemptEvolvers } from './evolve-attempt.ts';
import { promptEvolvers } from './evolve-prompts.ts';
import { revertEvolvers } from './evolve-revert.ts';
import { dependenciesOf } from './waits.ts';
import { transitionEvolvers } from './evolve-transition.ts';
import type { Evolver, Evolvers } from './evolvers.ts';
import { BLANK, type SessionState, snapshotOf } from './snapshot-parts.ts';
import type { SessionSnapshot } from './snapshot.ts';

/**
 * The snapshot after one more event: the only way a snapshot comes to be. Total and pure; it trusts the event, because
 * `decide` made it and the commit ordered it.
 */
export function evolve(snapshot: SessionSnapshot | null, event: StoredSessionEvent): SessionSnapshot {
  if (event.type === 'session.created') return created(event);
  if (!snapshot)
    throw new Error(`History of session ${event.sessionId} starts with ${event.type}, not with session.created.`);
  const apply = evolvers[event.type] as Evolver<typeof event.type>;
  return { ...apply(snapshot, event), version: event.seq, updatedAt: event.at };
}

/** The snapshot that a whole history gives. */
export function replay(history: readonly StoredSessionEvent[]): SessionSnapshot {
  const snapshot = history.reduce<SessionSnapshot | null>(evolve, null);
  if (!snapshot) throw new Error('A history must have at least one event.');
  return snapshot;
}

const evolvers: Evolvers = {
  ...transitionEvolvers,
  ...attemptEvolvers,
  ...revertEvolvers,
  ...approvalEvolvers,
  ...promptEvolvers,
  'session.dependencies-settled': (snapshot, { seq, data: { prompt } }) => {
    const { notBefore } = snapshot.session;
    const timers = notBefore ? { 'not-before': { generation: seq, fireAt: notBefore } } : {};
    return { ...snapshot, handedOn: { prompt }, timers };
  },
  'session.child-added': (snapshot, { data }) => ({ ...snapshot, childIds: [...snapshot.childIds, data.childId] }),
  'session.deleted': (snapshot, { at }) => ({ ...snapshot, deletedAt: at, timers: {} }),
};

function created(event: StoredSessionEvent<'session.created'>): SessionSnapshot {
  const state: SessionState = {
    id: event.sessionId,
    createdAt: event.at,
    updatedAt: event.at,
    version: event.seq,
    status: 'pending',
    statusUpdatedAt: event.at,
    ...BLANK,
    timers: startOf(event),
  };
  return snapshotOf({ birth: event.data, state });
}

/** A session of a later time starts by itself; what it depends on comes first. */
function startOf({ seq, data: { session } }: StoredSessionEvent<'session.created'>): SessionState['timers'] {
  return session.notBefore && dependenciesOf(session).length === 0
    ? { 'not-before': { generation: seq, fireAt: session.notBefore } }
    : BLANK.timers;
}
