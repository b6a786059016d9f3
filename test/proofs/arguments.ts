import { parseArgs } from 'node:util';
import { wholeNumber } from '../command-line.ts';
import { PROOFS } from './catalogue.ts';
import type { Proof } from './proof.ts';

export const USAGE = `npm run -s proofs -- PROOF [--seed N] [--times N] [--json]

${Object.entries(PROOFS)
  .map(([name, { shows, times }]) => `  ${name.padEnd(10)} ${shows} (--times: ${times.of}, ${times.usual})`)
  .join('\n')}
`;

export interface Arguments {
  readonly name: string;
  readonly proof: Proof;
  readonly seed: number;
  readonly times: number;
  readonly json: boolean;
}

/** Reads the command line. Throws for what it does not know. */
export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seed: { type: 'string' }, times: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  const [name = ''] = positionals;
  const proof = PROOFS[name];
  if (!proof) throw new Error(`Say what to prove: ${Object.keys(PROOFS).join(', ')}.`);
  return {
    name,
    proof,
    seed: wholeNumber('seed', values.seed, { otherwise: Math.floor(Math.random() * 1_000_000), least: 0 }),
    times: wholeNumber('times', values.times, { otherwise: proof.times.usual, least: 1 }),
    json: values.json,
  };
}
