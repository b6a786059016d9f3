import { join } from 'node:path';
import type { Standalone } from './start-standalone.ts';

/** What a person needs to know once it runs. */
export function banner({ url, data, roots }: Standalone, model: string | null): string {
  const lines = [
    ['API', url],
    ['API key', join(data.root, 'api-key')],
    ['Roots', roots.join(', ')],
    ['Model', model ?? 'none by default: start with --model provider/model, or name one per session'],
    ['Log', data.log],
  ];
  const rows = lines.map(([name = '', value]) => `  ${name.padEnd(8)} ${value}`).join('\n');
  return `The orchestrator runs.\n${rows}\n\nSubmit:  npm run -s oio -- submit "What is to be done"\nStop:    Ctrl-C\n`;
}
