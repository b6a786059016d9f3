import type { Quota } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import type { WithClient } from './connect.ts';
import { numberOption } from './number-option.ts';
import { printable } from './printable.ts';

/** `oio quotas …`: models that no session is started for. For operators. */
export function quotaCommands(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  const quotas = oio.command('quotas').description('models that are closed for a time; for operators');
  quotas
    .command('list', { isDefault: true })
    .description('which are closed now, by whom and until when')
    .action(() => withClient(async (client) => print(quotasTable((await client.listQuotas()).quotas))));
  quotas
    .command('close <provider/model>')
    .description('start no sessions with a model for some time')
    .addOption(
      new Option('--seconds <seconds>', 'for how long; at most seven days').argParser(numberOption).default(3_600),
    )
    .option('--reason <text>', 'what whoever waits is told')
    .action((name: string, { seconds, reason }: { seconds: number; reason?: string }) =>
      withClient(async (client) => {
        // An instant that cannot be written is refused as what it is.
        const at = new Date(Date.now() + 1_000 * seconds);
        const until = Number.isNaN(at.getTime()) ? `in ${seconds} seconds` : at.toISOString();
        print(quotasTable([await client.closeQuota(partsOf(name), { until, ...(reason && { reason }) })]));
      }),
    );
  quotas
    .command('open <provider/model>')
    .description('let sessions with a closed model start again')
    .action((name: string) =>
      withClient(async (client) => {
        await client.reopenQuota(partsOf(name));
        print(`${printable(name)} is open again`);
      }),
    );
}

function partsOf(name: string): { readonly provider: string; readonly model: string } {
  const [provider = '', ...rest] = name.split('/');
  if (provider === '' || rest.join('/') === '')
    throw new InvalidError(
      `A model was expected as provider/model, such as anthropic/claude-sonnet-4-5; got "${name}".`,
    );
  return { provider, model: rest.join('/') };
}

function quotasTable(quotas: readonly Quota[]): string {
  if (quotas.length === 0) return 'No model is closed.';
  const table = new Table({ head: ['model', 'until', 'closed by', 'said'], style: { head: [], border: [] } });
  for (const { provider, model, resetAt, closedBy, said, shortened } of quotas)
    table.push(
      [`${provider}/${model}`, shortened ? `${resetAt} (it asked for more)` : resetAt, closedBy, said].map(printable),
    );
  return table.toString();
}
