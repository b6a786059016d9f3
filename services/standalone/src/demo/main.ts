import { startDemo } from './start-demo.ts';

await startDemo({ args: process.argv.slice(2), environment: process.env });
