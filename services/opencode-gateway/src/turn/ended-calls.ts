import type { TurnMessage } from '../agent-server/messages.ts';
import { stepsOf, type Usage, usageOf } from './steps.ts';

/** A message of an agent that has ended, and what it took. */
export interface EndedCall extends Usage {
  readonly messageId: string;
  readonly model: string | null;
  /** `answered`; `refused`: the call failed for good; `broken_off`: nobody knows what it took. */
  readonly outcome: 'answered' | 'refused' | 'broken_off';
}

/** The model calls behind these messages that have ended, in the order of their ids, which grow with time. */
export function endedCalls(messages: readonly TurnMessage[]): readonly EndedCall[] {
  const replies = messages.filter(({ role }) => role === 'assistant').toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return replies.flatMap((message) => {
    const outcome = outcomeOf(message);
    return outcome ? [{ messageId: message.id, model: message.model, outcome, ...usageOf(stepsOf([message])) }] : [];
  });
}

function outcomeOf({ parts, error }: TurnMessage): EndedCall['outcome'] | null {
  if (parts.some(({ type }) => type === 'step_finished')) return 'answered';
  if (error === null) return null;
  return error.name === 'MessageAbortedError' ? 'broken_off' : 'refused';
}
