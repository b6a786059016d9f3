import type { Plant } from './plant.ts';

export const repeatedNewsSent: Plant = {
  name: 'repeated-news-sent',
  says: 'an event that is told again is sent again to the readers of its stream',
  edits: [
    {
      file: 'services/http-gateway/src/stream-reader.ts',
      find: '|| this.#reading || seq <= this.#sent) return;\n    if (seq === this.#sent + 1)',
      replace: '|| this.#reading) return;\n    if (seq <= this.#sent + 1)',
    },
  ],
  services: ['http-gateway'],
  faults: ['shuffle-messages'],
  breaks: ['shuffle-messages'],
};
