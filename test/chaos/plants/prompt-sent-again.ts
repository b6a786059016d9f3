import type { Plant } from './plant.ts';

export const promptSentAgain: Plant = {
  name: 'prompt-sent-again',
  says: 'a prompt whose answer was lost is posted again instead of looked for',
  edits: [
    {
      file: 'services/opencode-gateway/src/adapters/opencode-agent-server.ts',
      find: "    return this.#http.post({ ...sessionPath(prompt, '/prompt_async'), body, schema: nothing });",
      replace: `    const post = () => this.#http.post({ ...sessionPath(prompt, '/prompt_async'), body, schema: nothing });
    return post().catch(post);`,
    },
  ],
  services: ['opencode-gateway'],
  faults: ['cut-opencode'],
  breaks: ['I13'],
};
