import type { Plant } from './plant.ts';

export const dispatchFencePlain: Plant = {
  name: 'dispatch-fence-plain',
  says: "the dispatching commit reads the scheduler's epoch by a plain sub-select",
  edits: [
    {
      file: 'shared/persistence/src/commit-statement.ts',
      find: 'where scheduler_epoch is not null) for share',
      replace: 'where scheduler_epoch is not null)',
    },
  ],
  services: ['session-actor'],
  faults: ['race-dispatch'],
  breaks: ['I3'],
};
