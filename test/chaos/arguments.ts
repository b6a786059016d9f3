import { parseArgs } from 'node:util';
import { wholeNumber } from '../command-line.ts';
import { faultsNamed, MIX } from './faults/catalogue.ts';
import { plantsNamed } from './plants/catalogue.ts';
import type { Plant } from './plants/plant.ts';

export interface Arguments {
  readonly mode: 'run' | 'full' | 'prove';
  readonly seed: number;
  readonly seconds: number;
  readonly faults: readonly string[];
  /** How many faults are on at the same time at most. */
  readonly atOnce: number;
  readonly json: boolean;
  readonly users: number;
  readonly small: boolean;
  readonly keep: boolean;
  /** With `prove`. */
  readonly plants: readonly Plant[];
}

export const USAGE = `npm run -s chaos -- [--seed N] [--seconds N] [--faults A,B] [--at-once N] [--users N] [--small] [--keep] [--json]
  three faults at once by chance, or only those that are named
npm run -s chaos:full -- [the same but for --faults and --at-once]
  every fault alone, then half an hour of three at once
npm run -s chaos:prove -- [--plants A,B] [--seed N] [--users N]
  whether defects that are planted are noticed
`;

const DEFAULTS = { seconds: 120, users: 12 } as const;
export const AT_ONCE_IN_MIX = 3;
const NOT_FOR = {
  run: ['plants'],
  full: ['faults', 'at-once', 'plants'],
  prove: ['faults', 'at-once', 'seconds'],
} as const;

/** Reads the command line. Throws for what it does not know. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string' },
      faults: { type: 'string' },
      users: { type: 'string' },
      'at-once': { type: 'string' },
      plants: { type: 'string' },
      json: { type: 'boolean', default: false },
      small: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const mode = modeOf(positionals);
  // What is said and not heeded looks like a run of it.
  for (const name of NOT_FOR[mode]) if (values[name] !== undefined) throw new Error(`--${name} is not for ${mode}.`);
  const faults = listOf(values.faults ?? MIX);
  if (faultsNamed(faults).length === 0) throw new Error('Say which faults: --faults A,B.');
  return {
    mode,
    seed: wholeNumber('seed', values.seed, { otherwise: Math.floor(Math.random() * 1_000_000), least: 0 }),
    seconds: wholeNumber('seconds', values.seconds, { otherwise: DEFAULTS.seconds, least: 1 }),
    faults,
    atOnce: wholeNumber('at-once', values['at-once'], {
      otherwise: faults.includes(MIX) ? AT_ONCE_IN_MIX : 1,
      least: 1,
    }),
    json: values.json,
    users: wholeNumber('users', values.users, { otherwise: DEFAULTS.users, least: 1 }),
    small: values.small,
    keep: values.keep,
    plants: plantsNamed(listOf(values.plants ?? '')),
  };
}

function modeOf([mode = 'run', further]: readonly string[]): Arguments['mode'] {
  if (further !== undefined) throw new Error(`"${further}" is one word too many.`);
  if (mode === 'run' || mode === 'full' || mode === 'prove') return mode;
  throw new Error(`"${mode}" is neither full nor prove.`);
}

function listOf(text: string): string[] {
  return text.split(',').filter(Boolean);
}
