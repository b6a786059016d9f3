import type { Plant } from './plant.ts';

export const noSelfFence: Plant = {
  name: 'no-self-fence',
  says: 'a worker goes on without a confirmed lease',
  edits: [
    {
      file: 'services/session-actor/src/worker.ts',
      find: 'clock.monotonicMs() - confirmedAtMs >= FENCE_MS;',
      replace: 'false;',
    },
  ],
  services: ['session-actor'],
  faults: ['partition-owner'],
  breaks: ['partition-owner'],
};
