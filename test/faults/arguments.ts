import { parseArgs } from 'node:util';
import { wholeNumber } from '../command-line.ts';
import { FAULTS, faultsNamed } from './catalogue.ts';
import type { NamedFault } from './named-fault.ts';

export const USAGE = `npm run -s faults -- list [--json]
                       the faults, what each does, and what is to come of it
npm run -s faults -- serve --fault NAME [--port N] [--password P] [--as stand-in]
                       a server that has it: the stand-in for an OpenCode server, or the model endpoint
npm run -s faults -- run [--faults A,B] [--times N] [--lanes N] [--real] [--json]
                       has each strike N times (20) at an orchestrator, on the stand-in or on the real binary
npm run -s faults -- living [--times N] [--real] [--json]
                       turns that are slow and alive: none may be cut
`;

export interface Arguments {
  readonly mode: 'list' | 'serve' | 'run' | 'living';
  readonly faults: readonly NamedFault[];
  readonly times: number;
  /** Servers, or on the real binary sessions, at the same time. */
  readonly lanes: number | null;
  readonly real: boolean;
  readonly json: boolean;
  readonly port: number;
  readonly password: string | undefined;
  readonly asStandIn: boolean;
}

const TIMES = 20;
const MODES = ['list', 'serve', 'run', 'living'] as const;

/** Reads the command line. Throws for what it does not know. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      fault: { type: 'string' },
      faults: { type: 'string' },
      times: { type: 'string' },
      lanes: { type: 'string' },
      port: { type: 'string' },
      password: { type: 'string' },
      as: { type: 'string' },
      real: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const mode = MODES.find((one) => one === positionals[0]);
  if (mode === undefined) throw new Error(`Say what to do: ${MODES.join(', ')}.`);
  const names = (values.fault ?? values.faults ?? '').split(',').filter(Boolean);
  if (mode === 'serve' && names.length !== 1) throw new Error('Say which fault: --fault NAME.');
  return {
    mode,
    faults: names.length > 0 ? faultsNamed(names) : FAULTS,
    times: wholeNumber('times', values.times, { otherwise: TIMES, least: 1 }),
    lanes: values.lanes === undefined ? null : wholeNumber('lanes', values.lanes, { otherwise: 1, least: 1 }),
    real: values.real,
    json: values.json,
    port: wholeNumber('port', values.port, { otherwise: 0, least: 0 }),
    password: values.password,
    asStandIn: values.as === 'stand-in',
  };
}
