import { parseArgs } from 'node:util';

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

/** The options of a run; null when they are not understood. */
export function parseArguments(args: readonly string[]): BenchOptions | null {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    const seconds = Number(values.seconds);
    const clients = Number(values.clients);
    const workloads = chosen(WORKLOADS, values.workload);
    const sizes = values.sizes.split(',').map(Number);
    if (!sizes.every((size) => Number.isInteger(size) && size > 0)) return null;
    const modes = chosen(MODES, values.mode);
    if (!(seconds > 0) || !Number.isInteger(clients) || clients < 1 || !workloads || !modes) return null;
    return {
      workloads,
      modes,
      seconds,
      clients,
      sizes,
      json: values.json,
      keep: values.keep,
      profiles: values.profiles ?? null,
    };
  } catch {
    return null;
  }
}

const OPTIONS = {
  workload: { type: 'string', default: 'all' },
  mode: { type: 'string', default: 'all' },
  seconds: { type: 'string', default: '20' },
  clients: { type: 'string', default: '64' },
  json: { type: 'boolean', default: false },
  sizes: { type: 'string', default: '1000,10000,100000,1000000' },
  profiles: { type: 'string' },
  keep: { type: 'boolean', default: false },
} as const;

function chosen<T extends string>(all: readonly T[], wanted: string): readonly T[] | null {
  if (wanted === 'all') return all;
  const found = all.filter((name) => name === wanted);
  return found.length > 0 ? found : null;
}
