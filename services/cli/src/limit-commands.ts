import type { Limits, LimitRule } from '@oio/contracts';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Environment, WithClient } from './connect.ts';
import { printable } from './printable.ts';
import { readJson } from './read-json.ts';

/** `oio limits …`: how much may run at the same time, and how fast it may start. For operators. */
export function limitCommands(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  const limits = oio.command('limits').description('how much may work at the same time; for operators');
  limits
    .command('list', { isDefault: true })
    .description('what operators have set; without a global limit MAX_CONCURRENT_SESSIONS holds')
    .action(() => withClient(async (client) => print(limitsTable((await client.getLimits()).limits))));
  limits
    .command('set <file>')
    .description(
      'set all limits by a JSON file, in place of those that hold: {"limits": [{"scope": "tenant", "name": "acme", "concurrent": 5}]}',
    )
    .action((file: string) =>
      withClient(async (client) => {
        print(limitsTable((await client.setLimits(await readJson<Limits>(file, environment))).limits));
      }),
    );
}

function limitsTable(rules: readonly LimitRule[]): string {
  if (rules.length === 0) return 'No limits are set; MAX_CONCURRENT_SESSIONS of the scheduler holds.';
  const table = new Table({
    head: ['scope', 'name', 'concurrent', 'starts a minute', 'weight'],
    style: { head: [], border: [] },
  });
  for (const { scope, name, concurrent, startsPerMinute, weight } of rules)
    table.push([
      scope,
      printable(name ?? (scope === 'global' ? 'all' : 'each')),
      concurrent ?? '',
      startsPerMinute ?? '',
      weight ?? '',
    ]);
  return table.toString();
}
