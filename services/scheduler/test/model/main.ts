import { parseArgs } from 'node:util';
import { runModel } from './run-model.ts';

const USAGE = 'npm run -s model -- [--steps 1000000] [--seed 1]\n';

const asked = told(process.argv.slice(2));
const run = runModel(asked.seed, asked.steps);
console.log(JSON.stringify({ seed: asked.seed, ...run, broken: run.broken.slice(0, 20) }, null, 2));
process.exitCode = run.broken.length > 0 ? 1 : 0;

/** What the command was told; ends the process when that is not understood: of no steps nothing is ever broken. */
function told(args: readonly string[]): { readonly steps: number; readonly seed: number } {
  try {
    const options = { steps: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [steps, seed] = [Number(values.steps), Number(values.seed)];
    if (Number.isSafeInteger(steps) && steps > 0 && Number.isSafeInteger(seed)) return { steps, seed };
    throw new Error('--steps and --seed must be whole numbers, the former above 0.');
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return process.exit(64);
  }
}
