import { parseArgs } from 'node:util';
import { faultsNamed, MIX } from './faults/catalogue.ts';

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
  /** Only these plants, with `prove`. */
  readonly plants: readonly string[];
}

const DEFAULTS = { seconds: 120, users: 12 } as const;
export const AT_ONCE_IN_MIX = 3;

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
  const mode = positionals[0] ?? 'run';
  if (mode !== 'run' && mode !== 'full' && mode !== 'prove') throw new Error(`"${mode}" is neither full nor prove.`);
  const faults = listOf(values.faults ?? MIX);
  faultsNamed(faults);
  return {
    mode,
    seed: wholeNumber('seed', values.seed, Math.floor(Math.random() * 1_000_000)),
    seconds: wholeNumber('seconds', values.seconds, DEFAULTS.seconds),
    faults,
    atOnce: wholeNumber('at-once', values['at-once'], faults.includes(MIX) ? AT_ONCE_IN_MIX : 1),
    json: values.json,
    users: wholeNumber('users', values.users, DEFAULTS.users),
    small: values.small,
    keep: values.keep,
    plants: listOf(values.plants ?? ''),
  };
}

function listOf(text: string): string[] {
  return text.split(',').filter(Boolean);
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`--${name} must be a whole number, not "${text}".`);
}
