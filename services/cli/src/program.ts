import type { SessionView } from '@oio/contracts';
import type { Client } from '@oio/sdk';
import { Command } from 'commander';
import { approvalCommands } from './approval-commands.ts';
import { bulkCommands } from './bulk-commands.ts';
import { checkpointCommands } from './checkpoint-commands.ts';
import { connect, type Environment, type WithClient } from './connect.ts';
import { deadLetterCommands } from './dead-letter-commands.ts';
import { limitCommands } from './limit-commands.ts';
import { promptCommands } from './prompt-commands.ts';
import { quotaCommands } from './quota-commands.ts';
import { graphCommand } from './graph-command.ts';
import { reasonCodesCommand } from './reason-codes-command.ts';
import { scheduleCommands } from './schedule-commands.ts';
import { serverCommands } from './server-commands.ts';
import { printable } from './printable.ts';
import { located, sessionOptions } from './session-options.ts';
import { eventLine, sessionLines, sessionsTable } from './show-session.ts';
import { type SubmitOptions, submit } from './submit.ts';
import { watchSession } from './watch-session.ts';
import { whenOptions } from './when-options.ts';
import { whyCommand } from './why-command.ts';

const STEERING = {
  start: 'queue a pending session',
  pause: 'hold a running session',
  resume: 'let a paused session go on',
  stop: 'end a running session; it can be retried',
  cancel: 'give up a session that does not run',
  retry: 'start a new attempt from the latest checkpoint',
  checkpoint: 'make a checkpoint now',
  delete: 'hide a session that has ended',
} as const;

/** The commands of `oio`. */
export function program(environment: Environment, out: NodeJS.WritableStream): Command {
  const oio = new Command('oio').description(
    'The orchestrator in the terminal. OIO_URL, OIO_API_KEY and OIO_DATA_DIR say which one.',
  );
  const print = (text: string): void => void out.write(`${text}\n`);
  const withClient = async (task: (client: Client) => Promise<void>): Promise<void> => {
    await using client = await connect(environment);
    await task(client);
  };

  submitCommand(oio, withClient, print, out, environment);
  graphCommand(oio, withClient, print, environment);
  bulkCommands(oio, withClient, print, environment);
  readingCommands(oio, withClient, print, out);
  reasonCodesCommand(oio, withClient, print);
  deadLetterCommands(oio, withClient, print);
  approvalCommands(oio, withClient, print);
  serverCommands(oio, withClient, print, environment);
  checkpointCommands(oio, withClient, print);
  promptCommands(oio, withClient, print);
  scheduleCommands(oio, withClient, print, environment);
  limitCommands(oio, withClient, print, environment);
  quotaCommands(oio, withClient, print);
  whyCommand(oio, withClient, print);
  for (const [name, summary] of Object.entries(STEERING) as [keyof typeof STEERING, string][]) {
    oio
      .command(`${name} <id>`)
      .description(summary)
      .action((id: string) => withClient(async (client) => print(sessionLines(await steer(client, name, id)))));
  }
  return oio;
}

function steer(client: Client, name: keyof typeof STEERING, id: string): Promise<SessionView> {
  return name === 'delete' ? client.deleteSession({ id }) : client[`${name}Session`]({ id }, {});
}

function submitCommand(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  out: NodeJS.WritableStream,
  environment: Environment,
): void {
  whenOptions(sessionOptions(oio.command('submit <prompt>')))
    .description('submit a session')
    .option('-w, --watch', 'stay and show what happens')
    .option('--wait', 'stay until it has ended, and show how; exit code 1 unless it succeeded')
    .action((prompt: string, options: SubmitOptions & { watch?: boolean; wait?: boolean }) =>
      withClient(async (client) => {
        const session = await submit(client, prompt, located(options, environment));
        print(session.id);
        if (options.watch) print(await watchSession(client, session.id, out));
        if (options.wait) showEnd(await client.ended(session.id), print);
      }),
    );
}

function showEnd(session: SessionView, print: (text: string) => void): void {
  print(sessionLines(session));
  if (session.status !== 'completed' && session.status !== 'partially_completed') process.exitCode = 1;
}

function readingCommands(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  out: NodeJS.WritableStream,
): void {
  oio
    .command('list')
    .description('the newest sessions')
    .option('-s, --status <states>', 'only these, separated by commas')
    .option('-n, --limit <count>', 'how many', '50')
    .action(({ status, limit }: { status?: string; limit: string }) =>
      withClient(async (client) =>
        print(sessionsTable((await client.listSessions({ limit, ...(status && { status }) })).sessions)),
      ),
    );
  oio
    .command('show <id>')
    .description('one session')
    .action((id: string) => withClient(async (client) => print(sessionLines(await client.getSession({ id })))));
  oio
    .command('history <id>')
    .description('everything that happened to a session')
    .action((id: string) => withClient(async (client) => printHistory(client, id, print)));
  oio
    .command('watch <id>')
    .description('show what happens until the session has ended')
    .action((id: string) => withClient(async (client) => print(await watchSession(client, id, out))));
  oio
    .command('diff <id>')
    .description('what a session has changed')
    .action((id: string) =>
      withClient(async (client) =>
        print(printable((await client.getDiff({ id })).diff?.patch ?? 'No changes that git knows of.')),
      ),
    );
}

async function printHistory(client: Client, id: string, print: (text: string) => void): Promise<void> {
  for (let after: number | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<Client['getHistory']>> = await client.getHistory({ id, after });
    for (const event of page.events) print(eventLine(event as never));
    after = page.nextAfter;
  }
}
