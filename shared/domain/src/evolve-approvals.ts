import type { Approval } from '@oio/contracts';
import type { Evolvers } from './evolvers.ts';
import type { SessionSnapshot } from './snapshot.ts';

/** The snapshot holds what waits for an answer; what is closed stays in the history. */
export const approvalEvolvers: Pick<Evolvers, 'session.approval-requested' | 'session.approval-closed'> = {
  'session.approval-requested': (snapshot, { seq, data: { approval } }) =>
    withApprovals(snapshot, [...snapshot.approvals, approval], seq),
  'session.approval-closed': (snapshot, { seq, data }) =>
    withApprovals(
      snapshot,
      snapshot.approvals.filter(({ id }) => id !== data.approval.id),
      seq,
    ),
};

/** Its timer fires at the first deadline. */
function withApprovals(snapshot: SessionSnapshot, approvals: readonly Approval[], seq: number): SessionSnapshot {
  const { approval: before, ...timers } = snapshot.timers;
  const [first] = approvals.map(({ deadline }) => deadline).toSorted();
  if (first === undefined) return { ...snapshot, approvals, timers };
  const timer = before?.fireAt === first ? before : { generation: seq, fireAt: first };
  return { ...snapshot, approvals, timers: { ...timers, approval: timer } };
}
