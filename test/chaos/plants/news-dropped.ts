import type { Plant } from './plant.ts';

export const newsDropped: Plant = {
  name: 'news-dropped',
  says: 'news that cannot be used is dropped and not kept as a dead letter',
  edits: [
    {
      file: 'shared/messaging/src/nats/nats-subscriptions.ts',
      find: 'void this.#putAway({ subject, data }, { error, group: delivery.group });',
      replace: '',
    },
  ],
  services: ['scheduler'],
  faults: ['foreign-messages'],
  breaks: ['foreign-messages'],
};
