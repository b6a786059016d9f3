import { takeoversOf, type Loss } from '../takeovers.ts';
import { isDisturbed, type Window } from '../windows.ts';
import type { Invariant } from './invariant.ts';

/** How long an active session may be without a living owner, in milliseconds, by how it lost the last one. */
const BOUNDS: Readonly<Record<Loss['how'], number>> = {
  crash: 3_000,
  'crash of all': 15_000,
  hang: 12_000,
  handover: 2_000,
};

/** Those during whose takeovers nothing else was disturbed: only of them it is asked how long these took. */
export function undisturbedLosses(losses: readonly Loss[], windows: readonly Window[]): readonly Loss[] {
  return losses.filter(({ fault, at, how }) => !isDisturbed(windows, { but: fault, from: at, to: at + BOUNDS[how] }));
}

export const ownershipInvariants: readonly Invariant[] = [
  {
    id: 'I5',
    says: 'No active session is long without a living owner.',
    continuous: false,
    async check({ witness, losses, windows }) {
      const takeovers = await takeoversOf(witness, undisturbedLosses(losses, windows));
      return takeovers
        .filter(({ loss, ms }) => ms > BOUNDS[loss.how])
        .map(
          ({ loss, sessionId, ms }) =>
            `session ${sessionId} was without an owner for ${Math.round(ms)} ms after a ${loss.how}`,
        );
    },
  },
  {
    id: 'I5',
    says: 'At rest every active session has a living owner.',
    continuous: false,
    async check({ witness }) {
      const rows = await witness.query<{ breach: string }>(UNOWNED);
      return rows.map(({ breach }) => breach);
    },
  },
];

const UNOWNED = `select format('session %s is %s without a living owner', id, status) as breach from sessions s
where status in ('running', 'degraded')
  and not exists (select 1 from workers w where w.incarnation = s.owner and w.lease_until > now()) limit 20`;
