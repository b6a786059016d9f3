import type { Violation } from './errors.ts';
import { toWireError } from './wire.ts';

/** Why one of many orders of a request was not carried out. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Whether the same order may be carried out later: nothing is wrong with it. */
  readonly again: boolean;
  readonly violations: Violation[];
}

/** What may be told of any thrown value to whoever gave the order. */
export function toRefusal(thrown: unknown): Refusal {
  const { kind, code, message, violations = [] } = toWireError(thrown);
  return { code, message, again: kind === 'unavailable' || kind === 'timeout', violations: [...violations] };
}
