import { ARCHITECT_PROMPT, CODER_PROMPT, PRECISION_PROMPT, REVIEWER_PROMPT } from './prompts.ts';

export type PermissionSetting = 'allow' | 'deny';

/** An agent as OpenCode's configuration defines it. */
export interface AgentDefinition {
  readonly description: string;
  readonly mode: 'primary';
  readonly prompt: string;
  readonly temperature?: number;
  readonly permission: Readonly<Record<string, PermissionSetting | Readonly<Record<string, PermissionSetting>>>>;
}

/** Nobody watches: what would be asked is decided beforehand. A request that nobody answers blocks a turn for ever. */
export const UNATTENDED = {
  external_directory: 'deny',
  question: 'deny',
  doom_loop: 'deny',
} as const;

const WORKING = { ...UNATTENDED, edit: 'allow', bash: 'allow', webfetch: 'allow' } as const;
/** `edit` stands for all tools that write files; `task` would hand the work to an agent that may write. */
const READING = {
  ...UNATTENDED,
  edit: 'deny',
  bash: 'deny',
  task: 'deny',
  webfetch: 'deny',
  todowrite: 'allow',
} as const;

/** The four agents of the product, by name. */
export const AGENTS = {
  'industrial-coder': {
    description: 'Implements a piece of work completely: code, tests, and the proof that it works.',
    mode: 'primary',
    prompt: CODER_PROMPT,
    permission: WORKING,
  },
  'industrial-architect': {
    description: 'Plans a piece of work: studies the code, decides, and writes a plan that others can carry out.',
    mode: 'primary',
    prompt: ARCHITECT_PROMPT,
    permission: WORKING,
  },
  'meticulous-reviewer': {
    description: 'Reads code and reports what is wrong with it. Changes nothing.',
    mode: 'primary',
    prompt: REVIEWER_PROMPT,
    temperature: 0.1,
    permission: READING,
  },
  'precision-coder': {
    description: 'Finds the cause of a defect and mends it with the smallest sound change.',
    mode: 'primary',
    prompt: PRECISION_PROMPT,
    temperature: 0.1,
    permission: WORKING,
  },
} as const satisfies Record<string, AgentDefinition>;
