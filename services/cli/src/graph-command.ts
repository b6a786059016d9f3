import type { NewGraphInput } from '@oio/contracts';
import type { Command } from 'commander';
import type { Environment, WithClient } from './connect.ts';
import { readJson } from './read-json.ts';

/** `oio graph`: sessions that depend on each other, from a file. */
export function graphCommand(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  oio
    .command('graph <file>')
    .description('submit sessions that depend on each other, all or none: JSON as POST /v1/graphs takes it')
    .action((file: string) =>
      withClient(async (client) => {
        const { sessions } = await client.createGraph(await readJson<NewGraphInput>(file, environment));
        for (const { name, id, status } of sessions) print(`${id}  ${status}  ${name}`);
      }),
    );
}
