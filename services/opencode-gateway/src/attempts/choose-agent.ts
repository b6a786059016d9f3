import type { AttemptOrder, Failure } from '@oio/contracts';
import { AGENT_OF_TYPE, failureOf, namedModel } from '@oio/domain';
import { type Catalogue, modelRef } from '../catalogue.ts';
import type { ModelRef } from '../agent-server/sessions.ts';

export interface ChosenAgent {
  readonly agent: string;
  readonly model: ModelRef;
  /** Whether the session left the model to the server. */
  readonly byDefault: boolean;
  readonly system: string | undefined;
  readonly tools: Readonly<Record<string, boolean>> | undefined;
  /** What of the order cannot be met, for the history. */
  readonly warnings: readonly { readonly type: string; readonly message: string }[];
}

/** Agent and model for an order, or why there are none. */
export function chooseAgent(order: AttemptOrder, catalogue: Catalogue): ChosenAgent | Failure {
  const wanted = order.agent ?? AGENT_OF_TYPE[order.type];
  const settings = order.agentConfig[wanted];
  const agent = knownAgent(order, wanted, catalogue);
  if (agent === null) return failureOf('agent_not_found', `The OpenCode server does not know the agent "${wanted}".`);
  const named = namedModel(order);
  const model = named ?? catalogue.defaultModel ?? 'none';
  if (!catalogue.models.has(model))
    return failureOf('model_not_found', `The OpenCode server does not have the model "${model}".`);
  return {
    agent,
    model: modelRef(model),
    byDefault: named === null,
    system: settings?.prompt,
    tools: settings?.tools,
    warnings: [...warningsOfAgent(wanted, agent, settings), ...warningsOfSettings(wanted, settings)],
  };
}

/** The agent itself, else one in its place: for a name of the order's own that it gives settings for, and for ours on a foreign server. */
function knownAgent({ agent, agentConfig, type }: AttemptOrder, wanted: string, { agents }: Catalogue): string | null {
  if (agents.has(wanted)) return wanted;
  if (agent !== null && !agentConfig[wanted]) return null;
  const byType = AGENT_OF_TYPE[type];
  return agents.has(byType) ? byType : ([...agents][0] ?? null);
}

type Settings = AttemptOrder['agentConfig'][string] | undefined;
type Warnings = ChosenAgent['warnings'];

function warningsOfAgent(wanted: string, agent: string, settings: Settings): Warnings {
  if (agent === wanted || settings) return [];
  const message = `The OpenCode server does not know the agent "${wanted}"; "${agent}" is used.`;
  return [{ type: 'agent_replaced', message }];
}

function warningsOfSettings(wanted: string, settings: Settings): Warnings {
  const ignored = (['temperature', 'maxTokens'] as const).filter((name) => settings?.[name] !== undefined);
  return ignored.map((name) => ({
    type: 'agent_setting_ignored',
    message: `OpenCode takes no ${name} with a prompt; agentConfig.${wanted}.${name} has no effect.`,
  }));
}
