import { join } from 'node:path';
import { runSteps } from './run-steps.ts';
import { stepsFor } from './steps.ts';

const print = (line: string): void => console.log(line);
process.exitCode = await runSteps(stepsFor(join(import.meta.dirname, '..', '..'), print), print);
