import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { type Scale, SCALE, SERVICES, type ServiceName } from './process-plan.ts';

export const USAGE = `Usage: npm run dev -- [options]

  --root DIR        a directory that sessions may work in; may be given several times; the first is the default
  --data DIR        where everything is kept (database, worktrees, API key, passwords)
  --model P/M       the model for sessions that name none, for example anthropic/claude-sonnet-4-5
  --port N          the port of the API (8000)
  --scale S=N       how many processes of a service, for example session-actor=4; may be given several times
  --json            the log as JSON lines
  --help            this text

Every setting can also come from the environment: docs/configuration.md.
`;

/** More would only fight for the cores of one machine. */
const MOST_PROCESSES = 16;

export interface DevArguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly roots: readonly string[];
  readonly data: string | undefined;
  readonly model: string | undefined;
  readonly port: string | undefined;
  readonly scale: Scale;
}

/** With paths as seen from `currentDirectory`. Throws `StartupError` that says what is wrong and shows the usage. */
export function parseArguments(args: readonly string[], currentDirectory: string): DevArguments {
  const values = parse(args);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    roots: (values.root ?? []).map((root) => resolve(currentDirectory, root)),
    data: values.data && resolve(currentDirectory, values.data),
    model: values.model,
    port: values.port,
    scale: { ...SCALE, ...Object.fromEntries((values.scale ?? []).map(scaleOf)) },
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
        scale: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error), error);
  }
}

function scaleOf(text: string): [ServiceName, number] {
  const [name = '', count = ''] = text.split('=');
  const service = SERVICES.find((known) => known === name);
  if (!service) throw wrong(`--scale ${text}: there is no service ${name}; there are ${SERVICES.join(', ')}.`);
  if (!/^\d{1,2}$/.test(count) || Number(count) < 1 || Number(count) > MOST_PROCESSES)
    throw wrong(`--scale ${text}: the number of processes must be 1 to ${MOST_PROCESSES}.`);
  if (service === 'http-gateway' && Number(count) !== 1)
    throw wrong(`--scale ${text}: the API has one port on this machine, and so one http-gateway.`);
  return [service, Number(count)];
}

function wrong(message: string, cause?: unknown): StartupError {
  return new StartupError(`${message}\n\n${USAGE}`, EXIT_CODE.usage, { cause });
}
