import { parseArgs } from 'node:util';
import { runModel } from './run-model.ts';

/** `npm run -s model -- --steps 1000000 --seed 1` */
const { values } = parseArgs({
  options: { steps: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const run = runModel(Number(values.seed), Number(values.steps));
console.log(JSON.stringify({ seed: Number(values.seed), ...run, broken: run.broken.slice(0, 20) }, null, 2));
process.exitCode = run.broken.length > 0 ? 1 : 0;
