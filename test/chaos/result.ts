import type { Findings } from './invariants/catalogue.ts';
import type { Strike } from './schedule.ts';
import type { Spread } from './takeovers.ts';
import type { Target } from './target.ts';
import type { Takeovers } from './targets.ts';

/** What `--json` prints. */
export interface Result {
  readonly seed: number;
  readonly faults: readonly string[];
  readonly seconds: number;
  /** Commands that were answered 2xx. */
  readonly accepted: number;
  /** Accepted sessions that came to a final state. */
  readonly finished: number;
  /** Commands that were answered 2xx and have no outcome, and sessions without an end. */
  readonly lost: number;
  /** Commands with more than one outcome, and prompts that were posted more than once. */
  readonly doubled: number;
  readonly staleWrites: number;
  readonly staleCalls: number;
  /** From the crash of an owner to the next commit of each of its sessions by another one. */
  readonly takeoverMs: Spread;
  /** Of commands begun while a fault was on: until their outcome was clear, with all repetitions and the pauses between. */
  readonly waitedMs: Spread;
  /** Of each invariant that was looked at, whether it held; those that are missing were not looked at. */
  readonly invariants: Readonly<Record<string, boolean>>;
  /** Of each speed that could be measured, whether the target is met. Not part of `ok`: a busy machine misses it as well. */
  readonly targets: Readonly<Record<string, boolean>>;
  readonly ok: boolean;
}

/** The same with all that a person wants to know beyond it. */
export interface Report {
  readonly result: Result;
  readonly findings: Findings;
  readonly strikes: readonly Strike[];
  /** What else speaks against the run: a fault that never struck, a process that ended by itself. */
  readonly problems: readonly string[];
  readonly takeovers: readonly Takeovers[];
  /** Speeds other than those of takeovers. */
  readonly speeds: readonly Target[];
  readonly ratePerSecond: number;
  /** How long it took until a breach was seen; without one, until the end. */
  readonly shownAfterMs: number;
}

/** True for what held, false for what did not, by the invariants' order. */
export function verdicts(findings: Findings): Record<string, boolean> {
  const ids = [...findings.keys()].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return Object.fromEntries(ids.map((id) => [id, findings.get(id)?.length === 0]));
}
