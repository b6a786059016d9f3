import type { PermissionRule } from '@oio/contracts';
import type { FailureCode } from '@oio/domain';
import type { ModelFault } from '@oio/scripted-model';

/** A setting that bounds a turn, in seconds. */
export type ClockSetting =
  | 'OPENCODE_CONNECT_SECONDS'
  | 'OPENCODE_START_SECONDS'
  | 'OPENCODE_FIRST_TOKEN_SECONDS'
  | 'OPENCODE_SILENCE_SECONDS'
  | 'OPENCODE_TOOL_SECONDS'
  | 'OPENCODE_TURN_SECONDS'
  | 'OPENCODE_DOUBT_SECONDS'
  | 'OPENCODE_STOP_SECONDS';

/** What must come of a fault: a session that ends by a reason, one that completes all the same, or one that is not accepted. */
export type Expected = FailureCode | 'no harm' | 'not accepted';

/** What bounds the time from the fault to the end of the session; without anything the end is due at once. */
export interface Bound {
  readonly settings?: readonly ClockSetting[];
  /** What is no setting, in milliseconds, and why it takes that long. */
  readonly fixedMs?: number;
  readonly why?: string;
}

/** One fault of the kit. */
export interface NamedFault {
  readonly name: string;
  /** Whose fault it is. A model's is named in the prompt, and the stand-in and the scripted model both play it. */
  readonly side: 'server' | 'model';
  readonly does: string;
  /** The traps of the real server, by their numbers in `docs/fault-kit.md`, or the words of the rule that it comes from. */
  readonly from: readonly (number | string)[];
  readonly expected: Expected;
  readonly bound: Bound;
  /** The fault of a sub-agent's model that this one is about: its clock counts from the call that meets it. */
  readonly ofSubAgent?: ModelFault;
  /** Rules of its session, where without any nobody would be asked. */
  readonly permissions?: readonly PermissionRule[];
  /** Whether it is played on the stand-in, on the real binary, or on both; of what is played on one only, why. */
  readonly only?: { readonly on: 'stand-in' | 'real'; readonly why: string };
  /** On the real binary it comes to something else, or is bounded otherwise. */
  readonly onReal?: { readonly expected?: Expected; readonly bound?: Bound };
}
