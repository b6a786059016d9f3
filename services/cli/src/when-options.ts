import { ON_CONFLICT } from '@oio/contracts';
import { type Command, Option } from 'commander';

/** What of a submission says when it runs, and for how long. */
export function whenOptions(command: Command): Command {
  return command
    .option('--after <ids>', 'begin once these sessions have succeeded, separated by commas')
    .option('--key <key>', 'its concurrency key: of the sessions with it one works at a time')
    .addOption(new Option('--on-conflict <what>', 'when its key is in use').choices(ON_CONFLICT))
    .option('--not-before <instant>', 'stay pending until then, such as 2027-03-01T08:00:00Z')
    .option('--queue-timeout <seconds>', 'the longest that it waits for a slot')
    .option('--max-duration <seconds>', 'the longest that it runs');
}
