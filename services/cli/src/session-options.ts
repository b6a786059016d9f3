import { PRIORITIES, SESSION_TYPES, WORKSPACES } from '@oio/contracts';
import { type Command, Option } from 'commander';
import type { Environment } from './connect.ts';
import { numberOption } from './number-option.ts';
import { pathFromHere } from './path-from-here.ts';
import { permissionOption } from './permission-option.ts';
import type { SubmitOptions } from './submit.ts';

/** What a session is, beside its prompt. */
export function sessionOptions(command: Command): Command {
  return command
    .option('-t, --title <title>', 'what it is to do, in one line; the first line of the prompt when missing')
    .option('-d, --directory <path>', 'the project')
    .option('-m, --model <provider/model>', 'the model')
    .option('-a, --agent <name>', 'the agent')
    .addOption(new Option('--type <type>', 'what kind of work').choices(SESSION_TYPES))
    .addOption(new Option('-p, --priority <priority>', 'how urgent').choices(PRIORITIES))
    .addOption(new Option('--workspace <kind>', 'own worktree or the directory itself').choices(WORKSPACES))
    .option('--tag <tag>', 'a tag to find it by, such as in oio order; may be repeated', tagOption)
    .option(
      '--permission <rule>',
      'tool[:pattern]=allow, =deny or =ask, such as "bash:git push *=ask"; may be repeated, the last one that matches decides',
      permissionOption,
    )
    .option('--approval-seconds <seconds>', 'how long people have to answer what is asked', numberOption);
}

function tagOption(tag: string, before: readonly string[] = []): readonly string[] {
  return [...before, tag];
}

/** With the directory as seen from where the command was given. */
export function located<O extends SubmitOptions>(options: O, environment: Environment): O {
  const { directory } = options;
  return { ...options, directory: directory && pathFromHere(directory, environment) };
}
