import { demoScripts, type Script } from '@oio/scripted-model';
import { startDemo } from '../../../src/demo/start-demo.ts';

/** An agent that does not do its work, for a test: it says that the plan is written, and writes none. */
const scripts = demoScripts.map(
  (script): Script => (script.name === 'planning' ? { ...script, steps: [{ text: 'The plan is written.' }] } : script),
);

await startDemo({ args: [], environment: process.env, scripts });
