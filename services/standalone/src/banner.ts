import { join } from 'node:path';
import type { Standalone } from './start-standalone.ts';

/** What a person needs to know once it runs. `settings`: what `oio` has to be told, as it stands in a command line. */
export function banner({ url, data, roots }: Standalone, model: string | null, settings: string): string {
  const lines = [
    ['API', url],
    ['API key', join(data.root, 'api-key')],
    ['Roots', roots.join(', ')],
    ['Model', model ?? 'none by default: start with --model provider/model, or name one per session'],
    ['Log', data.log],
  ];
  const rows = lines.map(([name = '', value]) => `  ${name.padEnd(8)} ${value}`).join('\n');
  const submit = `${settings}npm run -s oio -- submit "What is to be done" -d <project>`;
  return `The orchestrator runs.\n${rows}\n\nSubmit:  ${submit}\nStop:    Ctrl-C\n`;
}

/** The variables that `oio` needs to find an orchestrator that is not where it looks by itself. */
export function settingsFor(
  { url, data }: Standalone,
  defaults: { readonly url: string; readonly data: string },
): string {
  const found = [
    url === defaults.url ? '' : `OIO_URL=${url} `,
    data.root === defaults.data ? '' : `OIO_DATA_DIR=${data.root} `,
  ];
  return found.join('');
}
