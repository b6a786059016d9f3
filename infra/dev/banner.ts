import { join } from 'node:path';
import { API_KEY_FILE } from '@oio/sdk';

/** In the data directory: NATS with the user that submits sessions without the HTTP API. */
export const NATS_URL_FILE = 'nats-url';

export interface BannerFacts {
  readonly url: string;
  readonly data: string;
  readonly roots: readonly string[];
  readonly model: string | undefined;
}

/** What a person needs to know once everything runs. */
export function banner({ url, data, roots, model }: BannerFacts): string {
  const lines = [
    ['API', url],
    ['API key', join(data, API_KEY_FILE)],
    ['NATS', `${join(data, NATS_URL_FILE)}, to submit by messages: infra/nats/README.md`],
    ['Roots', roots.join(', ')],
    ['Model', model ?? 'none by default: start with --model provider/model, or name one per session'],
    ['Logs', `here; of NATS and Redis in ${data}/nats and ${data}/redis`],
  ];
  const rows = lines.map(([name = '', value]) => `  ${name.padEnd(8)} ${value}`).join('\n');
  const submit = `OIO_URL=${url} OIO_DATA_DIR=${data} npm run -s oio -- submit "What is to be done" -d <project>`;
  return `\nThe distributed orchestrator runs.\n${rows}\n\nSubmit:  ${submit}\nStop:    Ctrl-C\n\n`;
}
