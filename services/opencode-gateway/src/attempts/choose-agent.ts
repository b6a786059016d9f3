import type { AttemptOrder, SessionType } from '@oio/contracts';
import { type FailureCode, failureOf } from '@oio/domain';
import type { Failure } from '@oio/contracts';
import { type Catalogue, modelRef } from '../catalogue.ts';
import type { ModelRef } from '../ports.ts';

/** The agent of a session that names none. Source: the domain specification, section 1.2. */
export const AGENT_OF_TYPE: Readonly<Record<SessionType, string>> = {
  execution: 'industrial-coder',
  integration: 'industrial-coder',
  planning: 'industrial-architect',
  review: 'meticulous-reviewer',
  debug: 'precision-coder',
};

export interface ChosenAgent {
  readonly agent: string;
  readonly model: ModelRef;
  readonly system: string | undefined;
  readonly tools: Readonly<Record<string, boolean>> | undefined;
  /** What of the order cannot be met, for the history. */
  readonly warnings: readonly { readonly type: string; readonly message: string }[];
}

/** Agent and model for an order, or why there are none. */
export function chooseAgent(order: AttemptOrder, catalogue: Catalogue): ChosenAgent | Failure {
  const wanted = order.agent ?? AGENT_OF_TYPE[order.type];
  const settings = order.agentConfig[wanted];
  const known = catalogue.agents.has(wanted);
  if (!known && order.agent !== null && !settings)
    return refused('agent_not_found', `The OpenCode server does not know the agent "${wanted}".`);
  const byType = AGENT_OF_TYPE[order.type];
  const agent = known ? wanted : catalogue.agents.has(byType) ? byType : [...catalogue.agents][0];
  if (!agent) return refused('agent_not_found', 'The OpenCode server has no agent at all.');
  const model = order.model ?? settings?.model ?? catalogue.defaultModel;
  if (!model || !catalogue.models.has(model))
    return refused('model_not_found', `The OpenCode server does not have the model "${model ?? 'none'}".`);
  const ignored = (['temperature', 'maxTokens'] as const).filter((name) => settings?.[name] !== undefined);
  return {
    agent,
    model: modelRef(model),
    system: settings?.prompt,
    tools: settings?.tools,
    warnings: [
      ...(agent === wanted || settings
        ? []
        : [
            {
              type: 'agent_replaced',
              message: `The OpenCode server does not know the agent "${wanted}"; "${agent}" is used.`,
            },
          ]),
      ...ignored.map((name) => ({
        type: 'agent_setting_ignored',
        message: `OpenCode takes no ${name} with a prompt; agentConfig.${wanted}.${name} has no effect.`,
      })),
    ],
  };
}

function refused(code: FailureCode, message: string): Failure {
  return failureOf(code, message);
}
