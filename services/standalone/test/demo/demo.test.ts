import { join } from 'node:path';
import test from 'ava';
import { demoSessions } from '@oio/scripted-model';
import { eventually } from '@oio/runtime/testing';
import { leftovers, runDemoProcess } from './support/run-demo-process.ts';

const DEMO = join(import.meta.dirname, '..', '..', 'src', 'demo', 'main.ts');

test.serial(
  'five sessions run, show their table and diffs, come out as promised, and leave nothing behind',
  async (t) => {
    const demo = await runDemoProcess(t, DEMO);
    t.is(await demo.ended, 0, demo.output());
    const output = demo.output();
    t.regex(output, /The model is scripted/);
    t.regex(output, /--model anthropic\//);
    t.regex(output, /^session +type +priority +state +attempts +steps +tokens +cost +time +branch +commit$/m);
    for (const { title } of Object.values(demoSessions)) {
      t.regex(
        output,
        new RegExp(`^${title} +\\w+ +\\w+ +✔ completed +[12] .* (?:oio/[0-9a-f]+ +[0-9a-f]{8}|– +–)$`, 'm'),
      );
    }
    t.regex(output, /^Document the functions in docs\/api\.md +\w+ +low +✔ completed +2 /m);
    for (const line of ['+++ b/docs/plan.md', '+++ b/src/slug.js', '+++ b/test/slug.test.js', '+++ b/docs/api.md'])
      t.true(output.includes(line), line);
    t.regex(output, /No files changed\. It reported:\n +Findings:/);
    t.regex(output, /failed, provider_unavailable: .*overloaded.* \(is retried\)/);
    t.regex(output, /everything was stopped and removed/);
    t.notRegex(output, /✘ Not so/);
    t.false(output.includes('\u001B'));
    t.deepEqual(await leftovers(demo), []);
  },
);

for (const [when, sign] of [
  ['while it starts', 'Starting OpenCode'],
  ['while sessions run', 'step 1 finished'],
] as const) {
  test.serial(`ended ${when}, twice even, it leaves nothing behind`, async (t) => {
    const demo = await runDemoProcess(t, DEMO);
    t.true(await eventually(() => demo.output().includes(sign), { withinMs: 120_000 }), demo.output());
    demo.child.kill('SIGINT');
    t.true(await eventually(() => demo.output().includes('stopping and cleaning up')));
    demo.child.kill('SIGINT');
    t.is(await demo.ended, 130);
    t.regex(demo.output(), /ended by SIGINT\. Nothing of it is left\.\n$/);
    t.deepEqual(await leftovers(demo), []);
  });
}

test.serial(
  'an agent that does not do its work makes it fail, and it says which expectation did not come true',
  async (t) => {
    const demo = await runDemoProcess(t, join(import.meta.dirname, 'support', 'broken-demo.ts'));
    t.is(await demo.ended, 1, demo.output());
    t.regex(demo.output(), /✘ Not so: the diff of “Plan the slug function” holds docs\/plan\.md; it is empty/);
    t.regex(demo.output(), /The demo failed: 1 of \d+ expectations/);
    t.deepEqual(await leftovers(demo), []);
  },
);

for (const [args, exitCode, message] of [
  [['--model', 'gpt'], 64, /model must be provider\/model/],
  [['--fast'], 64, /Unknown option '--fast'[\s\S]*Usage:/],
  [['--help'], 0, /Usage: npm run demo/],
  [['--model', 'nobody/knows-it'], 78, /does not have the model "nobody\/knows-it"[\s\S]*credentials/],
] as const) {
  test.serial(`with ${args.join(' ')} it says so, without a stack`, async (t) => {
    const demo = await runDemoProcess(t, DEMO, args);
    t.is(await demo.ended, exitCode, demo.output());
    t.regex(demo.output(), message);
    t.notRegex(demo.output(), /^ +at /m);
    t.deepEqual(await leftovers(demo), []);
  });
}
