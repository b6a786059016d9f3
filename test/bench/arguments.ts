import { parseArgs } from 'node:util';
import { wholeNumber } from '../command-line.ts';

export const WORKLOADS = ['w1', 'w2', 'w3', 'w4', 'limits'] as const;
export type Workload = (typeof WORKLOADS)[number];
export const MODES = ['standalone', 'distributed'] as const;
export type Mode = (typeof MODES)[number];

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  readonly modes: readonly Mode[];
  /** How long is measured, in seconds; the warm-up comes before. */
  readonly seconds: number;
  /** Requests under way at a time. */
  readonly clients: number;
  /** One JSON line on standard output instead of a table. */
  readonly json: boolean;
  /** W4: how many wait, one run for each. */
  readonly sizes: readonly number[];
  /** A directory for CPU profiles of the services' processes; null without. */
  readonly profiles: string | null;
  /** Data and logs of the processes are left where they are. */
  readonly keep: boolean;
}

export const USAGE = `npm run -s bench -- [--workload w1|w2|w3|w4|limits|all] [--mode standalone|distributed|all] [--seconds 20] [--clients 64] [--json]
  --sizes 1000,100000    w4: how many wait, one run for each
  --profiles DIRECTORY   write a CPU profile of each service process there
  --keep                 leave data and logs of the processes; says where
`;

/** Reads the command line. Throws for what it does not know. */
export function readArguments(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const sizes = values.sizes.split(',').map((size) => wholeNumber('sizes', size, { otherwise: 0, least: 1 }));
  return {
    workloads: chosen('workload', WORKLOADS, values.workload),
    modes: chosen('mode', MODES, values.mode),
    seconds: wholeNumber('seconds', values.seconds, { otherwise: 20, least: 1 }),
    clients: wholeNumber('clients', values.clients, { otherwise: 64, least: 1 }),
    sizes,
    json: values.json,
    keep: values.keep,
    profiles: values.profiles ?? null,
  };
}

const OPTIONS = {
  workload: { type: 'string', default: 'all' },
  mode: { type: 'string', default: 'all' },
  seconds: { type: 'string' },
  clients: { type: 'string' },
  json: { type: 'boolean', default: false },
  sizes: { type: 'string', default: '1000,10000,100000,1000000' },
  profiles: { type: 'string' },
  keep: { type: 'boolean', default: false },
} as const;

function chosen<T extends string>(name: string, all: readonly T[], wanted: string): readonly T[] {
  const found = wanted === 'all' ? all : all.filter((one) => one === wanted);
  if (found.length > 0) return found;
  throw new Error(`--${name} must be one of ${[...all, 'all'].join(', ')}, not "${wanted}".`);
}
