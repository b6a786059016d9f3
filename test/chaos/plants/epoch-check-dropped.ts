import type { Plant } from './plant.ts';

export const epochCheckDropped: Plant = {
  name: 'epoch-check-dropped',
  says: 'a commit changes the session whatever its epoch is',
  edits: [
    {
      file: 'shared/persistence/src/commit-statement.ts',
      find: 's.owner_epoch = i.epoch and ',
      replace: '',
    },
  ],
  services: ['session-actor'],
  faults: ['rival-claims'],
  breaks: ['I3'],
};
