import type { Plant } from './plant.ts';

export const ackBeforePublish: Plant = {
  name: 'ack-before-publish',
  says: 'the relay notes events as published before NATS has them',
  edits: [
    {
      file: 'services/session-actor/src/relay/start-relay.ts',
      find: '() => this.#publisher.publish(events),',
      replace: '() => Promise.resolve(void this.#publisher.publish(events).catch(() => {})),',
    },
  ],
  services: ['session-actor'],
  faults: ['nats-kill'],
  breaks: ['I17'],
};
