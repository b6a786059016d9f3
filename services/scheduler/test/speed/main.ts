import { measureDecisions } from './measure-decisions.ts';

/** One JSON line: `main.ts 1000000`. Memory is told with `--expose-gc` only. */
console.log(JSON.stringify(measureDecisions(Number(process.argv[2]))));
