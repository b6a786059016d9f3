import type { Tokens, TurnMessage } from '../agent-server/messages.ts';

/** One finished model call of a turn, with what it cost. */
export interface FinishedStep {
  readonly id: string;
  /** From 1, in the order of the messages given. */
  readonly number: number;
  readonly messageId: string;
  readonly model: string | null;
  readonly reason: string;
  readonly tokens: Tokens;
  readonly costUsd: number;
  readonly tools: readonly string[];
}

export interface Usage {
  readonly tokens: Tokens;
  readonly costUsd: number;
}

/**
 * The finished steps of these messages. Bill from them only: a session's own totals count other turns too, leave out
 * sub-sessions, and fall after a revert.
 */
export function stepsOf(messages: readonly TurnMessage[]): readonly FinishedStep[] {
  const steps = messages.flatMap((message) => {
    const tools = message.parts.flatMap((part) => (part.type === 'tool' ? [part.tool] : []));
    return message.parts.flatMap((part) => {
      if (part.type !== 'step_finished') return [];
      const { id, reason, tokens, costUsd } = part;
      return [{ id, messageId: message.id, model: message.model, reason, tokens, costUsd, tools }];
    });
  });
  return steps.map((step, index) => ({ ...step, number: index + 1 }));
}

/** What some steps cost together. */
export function usageOf(steps: readonly Usage[]): Usage {
  const sum = (value: (step: Usage) => number) => steps.reduce((total, step) => total + value(step), 0);
  return {
    tokens: {
      input: sum((step) => step.tokens.input),
      output: sum((step) => step.tokens.output),
      reasoning: sum((step) => step.tokens.reasoning),
      cacheRead: sum((step) => step.tokens.cacheRead),
      cacheWrite: sum((step) => step.tokens.cacheWrite),
    },
    costUsd: sum((step) => step.costUsd),
  };
}
