import type { Plant } from './plant.ts';

export const abortPastGate: Plant = {
  name: 'abort-past-gate',
  says: 'a turn is aborted without asking the gate',
  edits: [
    {
      file: 'services/opencode-gateway/src/attempts/gated-link.ts',
      find: 'abort: behindGate((session) => agent.abort(session)),',
      replace: 'abort: (session) => agent.abort(session),',
    },
  ],
  services: ['opencode-gateway'],
  faults: ['kill-owner'],
  breaks: ['I4'],
};
