import type { Checkpoint } from '@oio/contracts';
import Table from 'cli-table3';
import type { Command } from 'commander';
import type { WithClient } from './connect.ts';
import { sessionLines } from './show-session.ts';

/** The commands of `oio` about checkpoints. */
export function checkpointCommands(oio: Command, withClient: WithClient, print: (text: string) => void): void {
  oio
    .command('checkpoints <id>')
    .description('the checkpoints of a session')
    .action((id: string) =>
      withClient(async (client) => print(checkpointsTable((await client.getCheckpoints({ id })).checkpoints))),
    );
  oio
    .command('revert <id> <checkpoint>')
    .description('take the files and the conversation of a session that does not run back to a checkpoint')
    .action((id: string, checkpoint: string) =>
      withClient(async (client) =>
        print(sessionLines(await client.revertSession({ id }, { checkpoint: Number(checkpoint) }))),
      ),
    );
  oio
    .command('fork <id> <checkpoint> <prompt>')
    .description('submit a session that goes on from a checkpoint of this one, in a worktree of its own')
    .action((id: string, checkpoint: string, prompt: string) =>
      withClient(async (client) =>
        print((await client.forkSession({ id }, { checkpoint: Number(checkpoint), prompt })).id),
      ),
    );
}

function checkpointsTable(checkpoints: readonly Checkpoint[]): string {
  const table = new Table({
    head: ['number', 'at', 'made by', 'attempt', 'files', 'cost'],
    style: { head: [], border: [] },
  });
  for (const { sequence, timestamp, origin, attempt, resume } of checkpoints) {
    const files = resume.fileSnapshot?.slice(0, 12) ?? 'not kept';
    table.push([sequence, timestamp, origin, attempt, files, `$${resume.costUsd.toFixed(4)}`]);
  }
  return table.toString();
}
