import type { Plant } from './plant.ts';

export const claimWithoutEpoch: Plant = {
  name: 'claim-without-epoch',
  says: 'a claim leaves the epoch as it is',
  edits: [
    {
      file: 'services/session-actor/src/adapters/postgres-session-store.ts',
      find: 'set owner = $2::uuid, owner_epoch = owner_epoch + 1',
      replace: 'set owner = $2::uuid, owner_epoch = owner_epoch',
    },
  ],
  services: ['session-actor'],
  faults: ['kill-owner'],
  breaks: ['I6'],
};
