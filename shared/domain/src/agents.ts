import type { SessionType } from '@oio/contracts';

/** The agent that runs a session which names none. Source: the domain specification, section 1.2. */
export const AGENT_BY_TYPE = {
  planning: 'industrial-architect',
  execution: 'industrial-coder',
  review: 'meticulous-reviewer',
  debug: 'precision-coder',
  integration: 'industrial-coder',
} as const satisfies Record<SessionType, string>;
