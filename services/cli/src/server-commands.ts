import type { ServerView } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { Environment, WithClient } from './connect.ts';
import { printable } from './printable.ts';

/** `oio servers …`: the OpenCode servers. For operators. */
export function serverCommands(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  const servers = oio.command('servers').description('the OpenCode servers; for operators');
  servers
    .command('list', { isDefault: true })
    .description('how they are')
    .action(() => withClient(async (client) => print(serversTable((await client.listServers()).servers))));
  addCommands(servers, withClient, print, environment);
  servers
    .command('drain <id>')
    .description('give it no new work; a managed one is started anew when its turns have ended')
    .action((id: string) => withClient(async (client) => print(serversTable([await client.drainServer({ id })]))));
  servers
    .command('accept <id>')
    .description('let one that was drained take work again')
    .action((id: string) => withClient(async (client) => print(serversTable([await client.acceptServer({ id })]))));
}

function addCommands(
  servers: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  servers
    .command('add <id> <url>')
    .description('let sessions work on a server that you run; its password is taken from OIO_SERVER_PASSWORD')
    .option('--capacity <number>', 'sessions at the same time', Number, 8)
    .action((id: string, url: string, { capacity }: { capacity: number }) =>
      withClient(async (client) => {
        const password = passwordFrom(environment);
        print(serversTable([await client.registerServer({ id, url, password, capacity })]));
      }),
    );
  servers
    .command('remove <id>')
    .description('forget a server that you run, after it was drained and its turns have ended')
    .action((id: string) =>
      withClient(async (client) => {
        await client.removeServer({ id });
        print(`The server ${id} is forgotten.`);
      }),
    );
}

/** Not an argument: those are seen by everybody on the machine. */
function passwordFrom(environment: Environment): string {
  const password = environment['OIO_SERVER_PASSWORD'];
  if (password) return password;
  throw new InvalidError('Say the password of the server in OIO_SERVER_PASSWORD.');
}

function serversTable(servers: readonly ServerView[]): string {
  const table = new Table({
    head: ['id', 'state', 'running', 'directories', 'cpu', 'memory', 'database', 'disk', 'age', 'detail'],
    style: { head: [], border: [] },
  });
  for (const server of servers) {
    const { id, state, draining, running, capacity, directories, trouble } = server;
    const { cpuPercent, memoryBytes, databaseBytes, diskBytes } = server;
    table.push([
      id,
      draining && state === 'up' ? 'draining' : state,
      `${running}/${capacity}`,
      directories ?? '',
      cpuPercent === null ? '' : `${Math.round(cpuPercent)} %`,
      megabytes(memoryBytes),
      megabytes(databaseBytes),
      megabytes(diskBytes),
      ageOf(server.startedAt),
      printable(trouble ?? draining ?? ''),
    ]);
  }
  return table.toString();
}

function megabytes(bytes: number | null): string {
  return bytes === null ? '' : `${Math.round(bytes / 2 ** 20)} MiB`;
}

function ageOf(startedAt: string | null): string {
  if (startedAt === null) return '';
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(startedAt)) / 60_000));
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
}
