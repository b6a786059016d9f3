import type { NewSession, SessionType } from '@oio/contracts';

/** The agent of a session that names none. Source: the domain specification, section 1.2. */
export const AGENT_OF_TYPE: Readonly<Record<SessionType, string>> = {
  execution: 'industrial-coder',
  integration: 'industrial-coder',
  planning: 'industrial-architect',
  review: 'meticulous-reviewer',
  debug: 'precision-coder',
};

type Choice = Pick<NewSession, 'type' | 'agent' | 'agentConfig' | 'model'>;

/** The model that a session names, itself or for its agent; null when it leaves that to the OpenCode server. */
export function namedModel({ type, agent, agentConfig, model }: Choice): string | null {
  const name = agent ?? AGENT_OF_TYPE[type];
  const settings = Object.hasOwn(agentConfig, name) ? agentConfig[name] : undefined;
  return model ?? settings?.model ?? null;
}
