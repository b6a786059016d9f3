import { bash, type Script } from '@oio/scripted-model';

/** A turn that takes its time in one way or another, and is alive. */
export interface LivingTurn {
  readonly name: string;
  readonly does: string;
  /** What the prompt says to the stand-in, and to the scripted model by its name. */
  readonly work: string;
  readonly steps: Script['steps'];
}

const DONE = { text: 'done' };

/** Each pause is below the clock that watches it (clocks.ts), and the whole is above it. */
export const LIVING: readonly LivingTurn[] = [
  {
    name: 'slow-tokens',
    does: 'a word every second',
    work: 'ms=5000 pieces=5',
    steps: [{ fault: { kind: 'drip', everyMs: 2_000, pieces: 4 } }],
  },
  {
    name: 'slow-first-token',
    does: 'thinks before its only word',
    work: 'ms=1400',
    steps: [{ fault: { kind: 'drip', everyMs: 6_000, pieces: 1 } }],
  },
  {
    name: 'long-tools',
    does: 'tools that take a while and say nothing',
    work: 'ms=5600 steps=4',
    steps: [{ toolCalls: [bash('sleep 2.5')] }, { toolCalls: [bash('sleep 2.5')] }, DONE],
  },
  {
    name: 'provider-waits',
    does: 'a provider that wants to be asked again later, within what is allowed',
    work: 'retry=5 wait=3 ms=1000',
    steps: [waitOnce(4)],
  },
  {
    name: 'slow-sub-agent',
    does: 'a sub-session at work',
    work: 'ms=5000 steps=2 children=1 pieces=5 childms=4500',
    steps: [
      { toolCalls: [{ name: 'task', input: { description: 'a part', prompt: 'Slowly.', subagent_type: 'general' } }] },
      DONE,
    ],
  },
];

/** What the sub-session of `slow-sub-agent` is told. */
const SLOWLY: Script = {
  name: 'slowly',
  matches: ({ prompts }) => prompts.some((said) => said.includes('Slowly.')),
  steps: [{ fault: { kind: 'drip', everyMs: 2_000, pieces: 4 } }],
};

/** Once for each conversation. */
function waitOnce(seconds: number): Script['steps'][number] {
  const asked = new Set<string>();
  const body = { error: { message: 'Too many requests.', type: 'provider_error', param: null, code: null } };
  return ({ sessionId }) => {
    if (asked.has(sessionId ?? '')) return DONE;
    asked.add(sessionId ?? '');
    return { fault: { kind: 'http_error', status: 429, headers: { 'retry-after': String(seconds) }, body } };
  };
}

/** What a prompt says that is to be such a turn. */
export function livingPrompt({ name, work }: LivingTurn): string {
  return `Be ${name}. [[work ${work}]]`;
}

export const LIVING_SCRIPTS: readonly Script[] = [
  ...LIVING.map(({ name, steps }) => ({
    name,
    matches: ({ prompts }: Parameters<Script['matches']>[0]) => prompts.some((said) => said.includes(`Be ${name}.`)),
    steps,
  })),
  SLOWLY,
];
