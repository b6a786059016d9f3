import type { Plant } from './plant.ts';

export const gapInStream: Plant = {
  name: 'gap-in-stream',
  says: 'what is missing before an event that is told too early is never sent to the readers of its stream',
  edits: [
    {
      file: 'services/http-gateway/src/stream-reader.ts',
      find: 'if (seq === this.#sent + 1) this.#send(seq',
      replace: 'if (seq > this.#sent) this.#send(seq',
    },
  ],
  services: ['http-gateway'],
  faults: ['shuffle-messages'],
  breaks: ['shuffle-messages'],
};
