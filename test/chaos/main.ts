import { toldOr } from '../command-line.ts';
import { AT_ONCE_IN_MIX, readArguments, USAGE } from './arguments.ts';
import { ALONE, MIX } from './faults/catalogue.ts';
import { reportLines } from './print-report.ts';
import { prove } from './prove.ts';
import { type ChaosOptions, runChaos } from './run-chaos.ts';

const FULL_MIX_SECONDS = 1_800;

// No signal is handled: one ends this process at once, and what it has started goes with it (shared/backing-servers).
process.exitCode = (await main()) ? 0 : 1;

async function main(): Promise<boolean> {
  const { mode, json, keep, plants, ...given } = toldOr(USAGE, readArguments);
  const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
  const base = {
    ...given,
    plant: null,
    stopsAt: [],
    keepsFiles: keep,
    say,
  };
  if (mode === 'prove') return prove(base, plants);
  if (mode === 'full') return full(base, json);
  return once(base, json);
}

async function once(options: ChaosOptions, json: boolean): Promise<boolean> {
  const report = await runChaos(options);
  const lines = `${reportLines(report).join('\n')}\n`;
  process.stdout.write(json ? `${JSON.stringify(report.result)}\n` : lines);
  // Of the one line alone nobody could tell what was wrong.
  if (json && !report.result.ok) process.stderr.write(lines);
  return report.result.ok;
}

/** Every fault alone, then half an hour of three at once. */
async function full(options: ChaosOptions, json: boolean): Promise<boolean> {
  let isOk = true;
  for (const { name } of ALONE) {
    options.say(`== ${name}`);
    isOk = (await once({ ...options, faults: [name], atOnce: 1 }, json)) && isOk;
  }
  return (await once({ ...options, faults: [MIX], atOnce: AT_ONCE_IN_MIX, seconds: FULL_MIX_SECONDS }, json)) && isOk;
}
