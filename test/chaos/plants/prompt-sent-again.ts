import type { Plant } from './plant.ts';

export const promptSentAgain: Plant = {
  name: 'prompt-sent-again',
  says: 'a turn that broke off is prompted again instead of resumed',
  edits: [
    {
      file: 'services/opencode-gateway/src/attempts/drive-turn.ts',
      find: `        return this.#resumeTurn();
      case 'aborted'`,
      replace: `        return this.#send();
      case 'aborted'`,
    },
  ],
  services: ['opencode-gateway'],
  faults: ['kill-opencode'],
  breaks: ['I13'],
};
