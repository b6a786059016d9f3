import { loadavg } from 'node:os';
import { toldOr } from '../command-line.ts';
import { inPlace } from '../faults/in-place.ts';
import { type Arguments, readArguments, USAGE } from './arguments.ts';

const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

// What it has started goes with it, however it ends (shared/backing-servers).
process.exit((await prove(toldOr(USAGE, readArguments))) ? 0 : 1);

async function prove({ name, proof, seed, times, json }: Arguments): Promise<boolean> {
  say(`${name}: seed ${seed}, ${times} ${proof.times.of}`);
  const loadBefore = load();
  const { ok, lines, figures } = await inPlace((place) => proof.run({ ...place, seed, times, say }));
  const result = { proof: name, ok, seed, times, loadBefore, loadAfter: load(), ...figures };
  const told = [...lines, '', ok ? 'ok' : 'not ok'].join('\n');
  process.stdout.write(`${json ? JSON.stringify(result) : told}\n`);
  // Of the one line alone nobody could tell what was wrong.
  if (json && !ok) process.stderr.write(`${told}\n`);
  return ok;
}

/** Of the last minute. */
function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}
