import { OVERLAPS, type Overlap, type ScheduleDetail } from '@oio/contracts';
import { NotFoundError } from '@oio/errors';
import type { Client } from '@oio/sdk';
import { type Command, Option } from 'commander';
import type { Environment, WithClient } from './connect.ts';
import { numberOption } from './number-option.ts';
import { located, sessionOptions } from './session-options.ts';
import { scheduleLines, schedulesTable } from './show-schedule.ts';
import { sessionOf, type SubmitOptions } from './submit.ts';

interface ScheduleOptions extends SubmitOptions {
  readonly zone?: string;
  readonly overlap?: Overlap;
  readonly catchUp?: number;
  readonly paused?: boolean;
}

const STEERING = {
  pause: 'let it rest',
  resume: 'let it go on with its next fire',
  fire: 'submit its session now',
} as const;

/** `oio schedule …`: sessions at the times of a cron line. */
export function scheduleCommands(
  oio: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  const schedule = oio.command('schedule').description('sessions that are submitted at the times of a cron line');
  schedule
    .command('list', { isDefault: true })
    .description('the newest')
    .option('-n, --limit <count>', 'how many', '50')
    .action(({ limit }: { limit: string }) =>
      withClient(async (client) => print(schedulesTable((await client.listSchedules({ limit })).schedules))),
    );
  createCommand(schedule, withClient, print, environment);
  schedule
    .command('show <schedule>')
    .description('one, by name or id: its next fires, the last ones, and what became of each')
    .action((which: string) =>
      withClient(async (client) => print(scheduleLines(await client.getSchedule(await keyOf(client, which))))),
    );
  for (const [name, summary] of Object.entries(STEERING) as [keyof typeof STEERING, string][]) {
    schedule
      .command(`${name} <schedule>`)
      .description(summary)
      .action((which: string) => withClient(async (client) => print(scheduleLines(await steer(client, name, which)))));
  }
  schedule
    .command('delete <schedule>')
    .description('forget it; its sessions stay')
    .action((which: string) =>
      withClient(async (client) => print(schedulesTable([await client.deleteSchedule(await keyOf(client, which))]))),
    );
}

function createCommand(
  schedule: Command,
  withClient: WithClient,
  print: (text: string) => void,
  environment: Environment,
): void {
  sessionOptions(schedule.command('create <name> <cron> <prompt>'))
    .description('submit a prompt again and again, such as: create nightly "0 3 * * *" "Update the dependencies"')
    .option('--zone <zone>', 'the time zone of the line, such as Europe/Berlin; UTC when missing')
    .addOption(new Option('--overlap <policy>', 'while its last session has not ended').choices(OVERLAPS))
    .option('--catch-up <count>', 'how many missed fires are made up for', numberOption)
    .option('--key <key>', 'a concurrency key that it shares with others')
    .option('--paused', 'let it rest until it is resumed')
    .action((name: string, cron: string, prompt: string, options: ScheduleOptions) =>
      withClient(async (client) => {
        const { zone, overlap, catchUp, paused } = options;
        const session = sessionOf(prompt, located(options, environment));
        const named = { timeZone: zone, overlap, catchUpLimit: catchUp, paused };
        const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
        print(scheduleLines(await client.createSchedule({ name, cron, session, ...given })));
      }),
    );
}

async function steer(client: Client, name: keyof typeof STEERING, which: string): Promise<ScheduleDetail> {
  return client[`${name}Schedule`](await keyOf(client, which));
}

const ID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/i;

/** By its id, or by its name. */
async function keyOf(client: Client, which: string): Promise<{ readonly id: string }> {
  if (ID.test(which)) return { id: which };
  const { schedules } = await client.listSchedules({ name: which });
  const [found] = schedules;
  if (found) return { id: found.id };
  throw new NotFoundError(`There is no schedule called ${which}.`);
}
