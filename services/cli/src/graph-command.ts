import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';

/** `oio graph`: sessions that depend on each other, from a file. */
export function graphCommand(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('graph <file>')
    .description('submit sessions that depend on each other, all or none: JSON as POST /v1/graphs takes it')
    .action((file: string) =>
      withClient(async (client) => {
        const { sessions } = await client.createGraph(JSON.parse(await readFile(file, 'utf8')) as never);
        for (const { name, id, status } of sessions) print(`${id}  ${status}  ${name}`);
      }),
    );
}
