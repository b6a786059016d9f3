import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_CODE, StartupError } from '@oio/errors';

export const USAGE = `Usage: npm start -- [options]

  --root DIR        a directory that sessions may work in; may be given several times; the first is the default
  --data DIR        where everything is kept (database, worktrees, API key, log)
  --model P/M       the model for sessions that name none, for example anthropic/claude-sonnet-4-5
  --port N          the port of the API (8000)
  --help            this text

Every setting can also come from the environment: docs/configuration.md.
`;

export interface Circumstances {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the command was given, which npm runs elsewhere: paths are seen from there. */
  readonly currentDirectory: string;
}

/** The environment with what the arguments say put over it; null when help was asked for. Throws `StartupError`. */
export function applyArguments(
  args: readonly string[],
  { environment, currentDirectory }: Circumstances,
): Record<string, string | undefined> | null {
  const { values } = parse(args);
  if (values.help) return null;
  return {
    ...environment,
    ...(values.root && { WORKSPACE_ROOTS: values.root.map((root) => resolve(currentDirectory, root)).join(':') }),
    ...(values.data && { OIO_DATA_DIR: resolve(currentDirectory, values.data) }),
    ...(values.model && { OIO_MODEL: values.model }),
    ...(values.port && { API_PORT: values.port }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        root: { type: 'string', multiple: true },
        data: { type: 'string' },
        model: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new StartupError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, EXIT_CODE.usage);
  }
}
