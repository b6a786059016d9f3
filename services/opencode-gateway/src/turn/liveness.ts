import type { Failure } from '@oio/contracts';
import { type FailureCode, failureOf } from '@oio/domain';
import type { Hearing } from '../agent-server/events.ts';
import type { TurnLimits } from './turn-limits.ts';

/** What a turn is at: each of these has a clock of its own. `waiting`: OpenCode waits before it asks the provider again, or for a person. */
export type Phase = 'first_token' | 'tokens' | 'tool' | 'waiting';

/** What is known of the life of a turn, on a clock that only goes forward. */
export interface LifeFacts {
  readonly beganAtMs: number;
  readonly phase: Phase;
  /** The last sign of life in this phase, from events and readings alike, or else its beginning. */
  readonly lastSignAtMs: number;
  /** The tools that run. */
  readonly tools: readonly string[];
  /** The event stream as it is followed for this turn; null while it is not. */
  readonly hearing: Hearing | null;
}

export type Liveness = { /** When time alone may change this. */ readonly againInMs: number } & (
  | { readonly state: 'alive' }
  /** Silent for too long, but it could not be heard all that time. */
  | { readonly state: 'unknown'; readonly why: Failure }
  | { readonly state: 'dead'; readonly why: Failure }
);

/** While in doubt it is looked at this often. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Whether a turn that OpenCode calls busy is alive. It takes two witnesses that do not depend on each other to call it dead:
 * the readings of its messages show nothing new, and an event stream that was unbroken and heard all that time told nothing.
 * With the first alone it is unknown, until that has lasted for too long as well.
 */
export function livenessOf(facts: LifeFacts, limits: TurnLimits, nowMs: number): Liveness {
  const leftMs = facts.beganAtMs + limits.turnMs - nowMs;
  if (leftMs <= 0) return dead('turn_too_long', `The turn has taken ${inSeconds(limits.turnMs)}.`);
  if (facts.phase === 'waiting') return { state: 'alive', againInMs: leftMs };
  const { code, clockMs, words } = clockOf(facts, facts.phase, limits);
  const silentMs = nowMs - facts.lastSignAtMs;
  if (silentMs < clockMs) return { state: 'alive', againInMs: Math.min(clockMs - silentMs, leftMs) };
  const heardMs = Math.min(silentMs, heardFor(facts.hearing, limits, nowMs));
  if (heardMs >= clockMs) return dead(code, `${words} for ${inSeconds(silentMs)}.`);
  const doubtLeftMs = clockMs + limits.doubtMs - silentMs;
  const unheard = `${words} for ${inSeconds(silentMs)}, and the event stream could not be followed all that time.`;
  if (doubtLeftMs <= 0) return dead('no_progress', unheard);
  const againInMs = Math.min(LOOK_AGAIN_MS, doubtLeftMs, leftMs);
  return { state: 'unknown', why: failureOf('liveness_unknown', unheard), againInMs };
}

interface PhaseClock {
  readonly code: FailureCode;
  readonly clockMs: number;
  readonly words: string;
}

function clockOf({ tools }: LifeFacts, phase: Exclude<Phase, 'waiting'>, limits: TurnLimits): PhaseClock {
  switch (phase) {
    case 'first_token':
      return { code: 'no_first_token', clockMs: limits.firstTokenMs, words: 'The model has not begun to answer' };
    case 'tokens':
      return { code: 'tokens_stalled', clockMs: limits.silenceMs, words: 'The model has stopped in mid-answer' };
    case 'tool': {
      const words = `The tool ${tools.join(', ')} has given no sign`;
      return { code: 'tool_stalled', clockMs: limits.toolMs, words };
    }
  }
}

/** Since when silence on the event stream means that nothing was said. */
function heardFor(hearing: Hearing | null, { hearMs }: TurnLimits, nowMs: number): number {
  return hearing === null || nowMs - hearing.lastAtMs > hearMs ? 0 : nowMs - hearing.sinceMs;
}

function dead(code: FailureCode, message: string): Liveness {
  return { state: 'dead', why: failureOf(code, message), againInMs: 0 };
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
