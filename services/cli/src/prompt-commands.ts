import type { Command } from 'commander';
import type { WithClient } from './connect.ts';
import { sessionLines } from './show-session.ts';

/** Further prompts to a session. */
export function promptCommands(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('prompt <id> <text>')
    .description('queue a further prompt: the session goes on with it in its turn')
    .action((id: string, text: string) =>
      withClient(async (client) => print((await client.queuePrompt({ id }, { prompt: text })).promptId)),
    );
  oio
    .command('remove-prompt <id> <prompt-id>')
    .description('take a prompt that still waits out of the queue')
    .action((id: string, promptId: string) =>
      withClient(async (client) => print(sessionLines(await client.removePrompt({ id, promptId })))),
    );
}
