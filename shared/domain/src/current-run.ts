import type { internalCommands } from '@oio/contracts';
import { type Decider, nothing } from './decision.ts';
import { attemptToken } from './snapshot.ts';

export type ReportName = Extract<keyof typeof internalCommands, `report-${string}`>;

/** Only the run that is under way may report: a report of another one changes nothing. */
export function current<N extends ReportName>(decider: Decider<N>): Decider<N> {
  return (snapshot, payload, context) => {
    const { attempt } = snapshot;
    if (!attempt?.open || attemptToken(attempt) !== payload.token) return nothing;
    return decider(snapshot, payload, context);
  };
}
