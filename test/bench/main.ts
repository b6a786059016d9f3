import { toldOr } from '../command-line.ts';
import { type BenchOptions, readArguments, USAGE } from './arguments.ts';
import { report } from './report.ts';
import { type RunResult, runWorkload } from './run-workload.ts';

const options = toldOr(USAGE, readArguments);
const pairs = pairsOf(options);
if (pairs.length === 0) process.stderr.write('W3 is measured with --mode distributed only.\n');
process.exitCode = pairs.length === 0 ? 64 : 0;
for (const [workload, mode] of pairs) {
  const onProgress = (text: string): void => void process.stderr.write(`${mode}: ${text}\n`);
  print(await runWorkload({ ...options, workload, mode, onProgress }));
}

/** Taking over needs two processes, so that W3 is measured in distributed mode only. */
function pairsOf({ workloads, modes }: BenchOptions) {
  const all = workloads.flatMap((workload) => modes.map((mode) => [workload, mode] as const));
  return all.filter(([workload, mode]) => workload !== 'w3' || mode === 'distributed');
}

function print(result: RunResult): void {
  process.stdout.write(`${options.json ? JSON.stringify(result) : report(result)}\n`);
}
