import type { Plant } from './plant.ts';

export const gateFencePlain: Plant = {
  name: 'gate-fence-plain',
  says: 'the gate before an OpenCode call reads the epoch by a plain sub-select',
  edits: [
    {
      file: 'services/opencode-gateway/src/adapters/postgres-run-fences.ts',
      find: ' for share skip locked',
      replace: '',
    },
  ],
  services: ['opencode-gateway'],
  faults: ['race-gate'],
  breaks: ['I4'],
};
