import { firstPrompt } from './waits.ts';
import type { Failure, ModelUsage, PROMPT_STATES } from '@oio/contracts';
import type { SessionSnapshot } from './snapshot.ts';

/** A further prompt of a session. Source: the domain's decision on follow-ups; its states are those of the contract. */
export interface FollowUp {
  readonly id: string;
  /** Cut once it has ended and another one has begun. */
  readonly prompt: string;
  readonly state: (typeof PROMPT_STATES)[number];
  readonly queuedAt: string;
  readonly queuedBy: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The first attempt that worked on it. */
  readonly attempt: number | null;
  readonly usage: ModelUsage | null;
  readonly commit: string | null;
  readonly failure: Failure | null;
}

type Prompts = Pick<SessionSnapshot, 'prompts'>;

/** The prompts that wait for their turn, the next one first. */
export function waitingPrompts({ prompts = [] }: Prompts): readonly FollowUp[] {
  return prompts.filter(({ state }) => state === 'queued');
}

/** The further prompt that the present attempt works on, or has worked on last; null for the one of the submission. */
export function presentPrompt({ prompts, attempt }: Prompts & Pick<SessionSnapshot, 'attempt'>): FollowUp | null {
  return prompts?.find(({ id }) => id === attempt?.promptId) ?? null;
}

/** What a session had been told once an attempt had begun, oldest first. */
export function toldUpTo(snapshot: SessionSnapshot, attempt: number): string[] {
  const { prompts = [] } = snapshot;
  const further = prompts.filter((one) => one.attempt !== null && one.attempt <= attempt);
  return [firstPrompt(snapshot), ...further.map(({ prompt }) => prompt)];
}
