import { measureDecisions } from './measure-decisions.ts';

/** One JSON line for each size: `main.ts 1000 1000000`. Memory is told with `--expose-gc` only. */
for (const size of process.argv.slice(2)) console.log(JSON.stringify(measureDecisions(Number(size))));
