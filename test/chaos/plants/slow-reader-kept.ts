import type { Plant } from './plant.ts';

export const slowReaderKept: Plant = {
  name: 'slow-reader-kept',
  says: 'what the reader of a stream does not take is collected for it',
  edits: [
    {
      file: 'services/http-gateway/src/stream-reader.ts',
      find: 'if (this.#response.write(message) || this.#stalled) return;',
      replace: 'if (this.#response.write(message) || true) return;',
    },
  ],
  services: ['http-gateway'],
  faults: ['slow-readers'],
  breaks: ['slow-readers'],
};
