import { approvalInvariants } from './approval-invariants.ts';
import { clientInvariants } from './client-invariants.ts';
import { eventInvariants } from './event-invariants.ts';
import { familyInvariants } from './family-invariants.ts';
import { historyInvariants } from './history-invariants.ts';
import type { Evidence, Invariant } from './invariant.ts';
import { opencodeInvariants } from './opencode-invariants.ts';
import { ownershipInvariants } from './ownership-invariants.ts';
import { totalInvariants } from './total-invariants.ts';

/** Every promise that the harness looks at; one id may have several looks. */
export const INVARIANTS: readonly Invariant[] = [
  ...historyInvariants,
  ...ownershipInvariants,
  ...clientInvariants,
  ...opencodeInvariants,
  ...eventInvariants,
  ...totalInvariants,
  ...familyInvariants,
  ...approvalInvariants,
];

/** Breaches by the invariant's id; those that hold have an empty list. */
export type Findings = ReadonlyMap<string, readonly string[]>;

/** Looks at all of them, or while the run goes on at those that can be looked at by then. */
export async function look(evidence: Evidence, { final }: { readonly final: boolean }): Promise<Findings> {
  const findings = new Map<string, string[]>();
  for (const invariant of INVARIANTS) {
    if (!final && !invariant.continuous) continue;
    const { id } = invariant;
    findings.set(id, [...(findings.get(id) ?? []), ...(await invariant.check(evidence))]);
  }
  return findings;
}
