import type { AttemptOrder, FinishedStep, ResumePoint } from '@oio/contracts';
import type { TurnMessage } from '../agent-server/messages.ts';
import { type FinishedStep as TurnStep, stepsOf, usageOf } from '../turn/steps.ts';
import { turnOf } from '../turn/turn.ts';

/** A finished step as it is reported, with the point that a later attempt would resume from. */
export interface ReportableStep {
  readonly messageId: string;
  readonly step: FinishedStep;
  readonly resume: ResumePoint;
}

/** The finished steps of the attempt's turn, in their order, that the owner does not know yet. */
export function unreportedSteps(
  messages: readonly TurnMessage[],
  order: Pick<AttemptOrder, 'messageId' | 'resume'>,
  state: {
    readonly lastStepId: string | null;
    readonly openCodeSessionId: string;
    readonly todos: ResumePoint['todos'];
  },
): readonly ReportableStep[] {
  const steps = stepsOf(turnOf(messages, order.messageId)?.replies ?? []);
  const known = steps.findIndex(({ id }) => id === state.lastStepId);
  return steps.slice(known + 1).map((step, index) => ({
    messageId: step.messageId,
    step: {
      stepId: step.id,
      finish: step.reason,
      tools: step.tools.slice(0, 200),
      tokens: step.tokens,
      costUsd: step.costUsd,
      apiErrors: 0,
      model: step.model,
    },
    resume: resumePoint(state, step, steps.slice(0, known + 2 + index)),
  }));
}

function resumePoint(
  state: { openCodeSessionId: string; todos: ResumePoint['todos'] },
  step: TurnStep,
  upTo: readonly TurnStep[],
): ResumePoint {
  return {
    openCodeSessionId: state.openCodeSessionId,
    lastMessageId: step.messageId,
    fileSnapshot: null,
    todos: state.todos.slice(0, 200),
    ...usageOf(upTo),
  };
}
