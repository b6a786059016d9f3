import type { ReasonCode } from '@oio/contracts';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';

/** `oio reasons`: what the codes of failures mean, and what to do. */
export function reasonCodesCommand(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('reasons [code]')
    .description('why sessions fail or are impaired, and what to do; all reasons, or one')
    .action((code?: string) =>
      withClient(async (client) => {
        const { reasonCodes } = await client.listReasonCodes();
        const wanted = reasonCodes.filter((reason) => code === undefined || reason.code === code);
        print(wanted.map(reasonLines).join('\n\n') || `There is no reason "${code}".`);
      }),
    );
}

function reasonLines({ code, meaning, advice, ends, retry }: ReasonCode): string {
  const retried = retry
    ? `after ${retry.firstMs / 1_000} s × ${retry.factor}ⁿ, at most ${retry.longestMs / 1_000} s, up to ${retry.limit} times`
    : 'not by itself';
  const rows = [['', meaning], ...(ends ? [['retried', retried]] : [['impairs', 'and passes']]), ['to do', advice]];
  return [code, ...rows.map(([name = '', value = '']) => `  ${name ? `${name.padEnd(8)} ` : ''}${value}`)].join('\n');
}
