import type { DeadLetterView } from '@oio/contracts';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';
import { printable } from './printable.ts';

/** `oio dead-letters …`: messages between the services that could not be used. For operators. */
export function deadLetterCommands(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  const letters = oio
    .command('dead-letters')
    .description('messages between the services that could not be used; for operators');
  letters
    .command('list')
    .description('the newest ones')
    .option('-n, --limit <count>', 'how many', '50')
    .action(({ limit }: { limit: string }) =>
      withClient(async (client) => print(lettersTable((await client.listDeadLetters({ limit })).deadLetters))),
    );
  letters
    .command('show <id>')
    .description('one of them, with what it says')
    .action((id: string) => withClient(async (client) => print(letterLines(await client.getDeadLetter({ id })))));
  letters
    .command('replay <id>')
    .description('send it again, once the reason is gone')
    .action((id: string) => withClient(async (client) => print(letterLines(await client.replayDeadLetter({ id })))));
}

function lettersTable(letters: readonly Omit<DeadLetterView, 'payload'>[]): string {
  const table = new Table({
    head: ['id', 'received', 'subject', 'consumer', 'reason', 'replayed'],
    style: { head: [], border: [] },
  });
  for (const { id, receivedAt, subject, consumer, reason, replayedAt } of letters) {
    table.push([id, receivedAt, printable(subject), printable(consumer), reason, replayedAt ?? '']);
  }
  return table.toString();
}

function letterLines(letter: DeadLetterView): string {
  const { id, receivedAt, replayedAt, subject, consumer, reason, detail, payload, encoding, truncated } = letter;
  const rows: readonly (readonly [string, string])[] = [
    ['id', id],
    ['received', receivedAt],
    ['replayed', replayedAt ?? 'never'],
    ['subject', printable(subject)],
    ['consumer', printable(consumer)],
    ['reason', `${reason}: ${printable(detail)}`],
    ['payload', `${encoding}${truncated ? ', cut' : ''}`],
  ];
  return [...rows.map(([name, value]) => `${name.padEnd(10)} ${value}`), '', printable(payload)].join('\n');
}
