import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { demoScripts, demoSessions, httpError, promptIncludes, type Script, startScriptedModel } from '../src/index.ts';
import { lastText, type Message, type OpenCode, startOpenCode } from './open-code.ts';
import { changedFiles, makeTemporaryProject, takeBackChanges } from './temporary-project.ts';

interface DemoRun {
  readonly session: string;
  readonly messages: readonly Message[];
}

const FAULTY: readonly Script[] = [
  { name: 'refused', matches: promptIncludes('be refused'), steps: [httpError(400, 'The request is refused.')] },
  {
    name: 'garbled',
    matches: promptIncludes('be garbled'),
    steps: [{ fault: { kind: 'malformed_json', after: 'I' } }],
  },
  { name: 'cut', matches: promptIncludes('be cut'), steps: [{ text: 'I was going to', finishReason: 'length' }] },
];

const cleanUp = new AsyncDisposableStack();
/** One for all, and one test after the other: OpenCode takes seconds to open a directory. */
let directory: string;
let server: OpenCode;

test.before('a real OpenCode server runs on the demo scripts', async () => {
  const project = cleanUp.use(await makeTemporaryProject());
  directory = await project.addWorktree('demo');
  const model = cleanUp.use(await startScriptedModel({ scripts: [...FAULTY, ...demoScripts], tokenDelayMs: 1 }));
  server = cleanUp.use(await startOpenCode(model, project.home));
});

test.after.always('everything is stopped and removed', () => cleanUp.disposeAsync());

test.serial('planning writes a plan and nothing else', async (t) => {
  const { messages } = await run('planning', 'industrial-architect');
  t.deepEqual(await changedFiles(directory), ['docs/plan.md']);
  t.regex(await readFile(join(directory, 'docs/plan.md'), 'utf8'), /^# Plan/);
  t.true(messages.some((message) => message.parts.some((part) => part.tool === 'todowrite')));
  t.true(messages.some((message) => (message.info.tokens?.reasoning ?? 0) > 0));
});

test.serial('execution writes a module with a test and really runs it', async (t) => {
  const { messages } = await run('execution');
  t.deepEqual(await changedFiles(directory), ['src/slug.js', 'test/slug.test.js']);
  const ran = messages.flatMap((message) => message.parts).find((part) => part.tool === 'bash');
  t.is(ran?.state?.metadata?.exit, 0);
  t.regex(ran?.state?.output ?? '', /pass 3\b[^]*fail 0\b/);
  t.regex(lastText(messages), /3 passed, none failed/);
});

test.serial('every step has tokens and a cost', async (t) => {
  const session = await server.createSession(directory);
  const messages = await server.run({ session, text: 'Something that no script is about' });
  const steps = messages.filter((message) => message.info.role === 'assistant').map((message) => message.info);
  t.is(steps.length, 2);
  for (const { cost = 0, tokens } of steps) t.true(cost > 0 && (tokens?.input ?? 0) > 0 && (tokens?.output ?? 0) > 0);
});

test.serial('review reports findings and changes nothing', async (t) => {
  const { messages } = await run('review', 'meticulous-reviewer');
  t.deepEqual(await changedFiles(directory), []);
  t.regex(lastText(messages), /src\/words\.js:3[^]*words\.test\.js/);
});

test.serial('integration edits a file that is there, and its tests pass', async (t) => {
  const { messages } = await run('integration');
  t.deepEqual(await changedFiles(directory), ['src/words.js', 'test/words.test.js']);
  t.regex(lastText(messages), /2 passed, none failed/);
});

test.serial(
  'the session that is retried fails at once on its overloaded provider, and succeeds when asked again',
  async (t) => {
    const { messages, session } = await run('retried');
    t.like(messages.at(-1)?.info.error, { name: 'APIError', data: { statusCode: 503, isRetryable: true } });
    t.is(messages.filter((message) => message.info.finish === 'tool-calls').length, 1);
    t.deepEqual(await changedFiles(directory), []);
    const again = await server.run({ session, text: demoSessions.retried.prompt });
    t.is(again.at(-1)?.info.finish, 'stop');
    t.deepEqual(await changedFiles(directory), ['docs/api.md']);
  },
);

test.serial('faults reach the agent as the failures that it knows', async (t) => {
  const endOf = async (text: string) => {
    const messages = await server.run({ session: await server.createSession(directory), text });
    return messages.at(-1)?.info;
  };

  t.like((await endOf('be refused'))?.error, { name: 'APIError', data: { statusCode: 400, isRetryable: false } });
  t.like((await endOf('be garbled'))?.error, { name: 'UnknownError' });
  t.is((await endOf('be cut'))?.finish, 'length');
});

async function run(name: keyof typeof demoSessions, agent?: string): Promise<DemoRun> {
  await takeBackChanges(directory);
  const session = await server.createSession(directory);
  return { session, messages: await server.run({ session, text: demoSessions[name].prompt, agent }) };
}
