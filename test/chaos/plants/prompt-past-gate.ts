import type { Plant } from './plant.ts';

export const promptPastGate: Plant = {
  name: 'prompt-past-gate',
  says: 'a prompt is sent without asking the gate, long after the conversation was made behind it',
  edits: [
    {
      file: 'services/opencode-gateway/src/attempts/gated-link.ts',
      find: 'prompt: toWork((prompt) => endIfLate(agent, prompt, { gate, call: () => agent.prompt(prompt) })),',
      replace: 'prompt: (prompt) => endIfLate(agent, prompt, { gate, call: () => agent.prompt(prompt) }),',
    },
  ],
  services: ['opencode-gateway'],
  faults: ['kill-owner'],
  breaks: ['I4'],
};
