import { BULK_ORDERS, type BulkOrderInput, type NewSessionsInput, PRIORITIES, type Status } from '@oio/contracts';
import { type Command, Option } from 'commander';
import type { Environment, WithClient } from './connect.ts';
import { printable } from './printable.ts';
import { readJson } from './read-json.ts';

interface Filter {
  readonly status?: string;
  readonly priority?: NonNullable<BulkOrderInput['filter']['priority']>;
  readonly parent?: string;
  readonly tag?: string;
  readonly all?: true;
}

/** `oio batch` and `oio order`: many sessions at once. */
export function bulkCommands(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  batchCommand(oio, withClient, print, environment);
  orderCommand(oio, withClient, print);
}

function batchCommand(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  oio
    .command('batch <file>')
    .description('submit many sessions, each for itself: JSON as POST /v1/sessions/batch takes it')
    .action((file: string) =>
      withClient(async (client) => {
        const { accepted, refused } = await client.submitSessions(await readJson<NewSessionsInput>(file, environment));
        for (const { id, status } of accepted) print(`${id}  ${status}`);
        for (const { index, message, violations } of refused)
          print(
            `sessions.${index}  refused: ${[message, ...violations.map((one) => one.message)].map(printable).join(' ')}`,
          );
        if (refused.length > 0) process.exitCode = 1;
      }),
    );
}

function orderCommand(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('order <order>')
    .description(`${BULK_ORDERS.join(', ')} all sessions that a filter holds for`)
    .option('--status <states>', 'those in these states, separated by commas')
    .addOption(new Option('-p, --priority <priority>', 'those of this priority').choices(PRIORITIES))
    .option('--parent <id>', 'the children of this session')
    .option('--tag <tag>', 'those with this tag')
    .option('--all', 'all of them')
    .action((order: BulkOrderInput['order'], { status, parent, ...rest }: Filter) =>
      withClient(async (client) => {
        const states = status?.split(',') as Status[] | undefined;
        const filter = { ...rest, ...(states && { status: states }), ...(parent && { parentId: parent }) };
        const { done, refused, more } = await client.orderSessions({ order, filter });
        for (const { id, status: now } of done) print(`${id}  ${now}`);
        for (const { id, message } of refused) print(`${id}  refused: ${printable(message)}`);
        if (done.length + refused.length === 0)
          print(`No session that the filter holds for can be given the order ${order}.`);
        if (more) print('Others are left: order it again.');
      }),
    );
}
