import type { History } from '../load/history.ts';
import type { Observed } from '../witness/bus-probe.ts';
import type { Witness } from '../witness/witness.ts';
import type { StandInCall } from '../fleet/stand-in-call.ts';
import type { Loss } from '../takeovers.ts';
import type { Window } from '../windows.ts';

/** All that is known when the invariants are looked at. */
export interface Evidence {
  readonly witness: Witness;
  readonly history: History;
  readonly observed: Observed;
  /** What the metrics service has counted, in the text format of Prometheus, or nothing when it cannot say; null without one. */
  readonly exposition: (() => Promise<string>) | null;
  readonly calls: readonly StandInCall[];
  /** When what was disturbed. */
  readonly windows: readonly Window[];
  /** Owners that were lost by a fault. */
  readonly losses: readonly Loss[];
  /** Whether the run is over and everything has come to rest; until then some things may still be under way. */
  readonly final: boolean;
}

/** One promise of the product, and how it is seen to be broken. */
export interface Invariant {
  /** As the list of invariants names it: I1 … I32. */
  readonly id: string;
  readonly says: string;
  /** Looked at again and again while faults go on; the others only at the end. */
  readonly continuous: boolean;
  /** Every breach in one line; empty when the promise holds. */
  check(evidence: Evidence): Promise<readonly string[]>;
}

/** Breaches shown of one kind at most. */
const SHOWN = 20;

/** An invariant whose every row of an SQL query is a breach. The query returns `breach`, a text. */
export function sqlInvariant(id: string, says: string, sql: string, { continuous = true } = {}): Invariant {
  return {
    id,
    says,
    continuous,
    async check({ witness }) {
      const rows = await witness.query<{ breach: string }>(`select breach from (${sql}) as found limit ${SHOWN}`);
      return rows.map(({ breach }) => breach);
    },
  };
}
