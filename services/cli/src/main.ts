import { program } from './program.ts';
import { explain } from './explain.ts';

try {
  await program(process.env, process.stdout).parseAsync();
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
