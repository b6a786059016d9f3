import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { demoScripts, demoSessions, startScriptedModel } from '../src/index.ts';
import { lastText, type Message, type OpenCode, startOpenCode } from './open-code.ts';
import { changedFiles, makeTemporaryProject, type TemporaryProject } from './temporary-project.ts';

interface DemoRun {
  readonly directory: string;
  readonly session: string;
  readonly messages: readonly Message[];
}

const cleanUp = new AsyncDisposableStack();
let project: TemporaryProject;
let server: OpenCode;

test.before('a real OpenCode server runs on the demo scripts', async () => {
  project = cleanUp.use(await makeTemporaryProject());
  const model = cleanUp.use(await startScriptedModel({ scripts: demoScripts, tokenDelayMs: 1 }));
  server = cleanUp.use(await startOpenCode(model, project.home));
});

test.after.always('everything is stopped and removed', () => cleanUp.disposeAsync());

test('planning writes a plan and nothing else', async (t) => {
  const { directory, messages } = await run('planning', 'industrial-architect');
  t.deepEqual(await changedFiles(directory), ['docs/plan.md']);
  t.regex(await readFile(join(directory, 'docs/plan.md'), 'utf8'), /^# Plan/);
  t.true(messages.some((message) => message.parts.some((part) => part.tool === 'todowrite')));
  t.true(messages.some((message) => (message.info.tokens?.reasoning ?? 0) > 0));
});

test('execution writes a module with a test and really runs it', async (t) => {
  const { directory, messages } = await run('execution');
  t.deepEqual(await changedFiles(directory), ['src/slug.js', 'test/slug.test.js']);
  const ran = messages.flatMap((message) => message.parts).find((part) => part.tool === 'bash');
  t.is(ran?.state?.metadata?.exit, 0);
  t.regex(ran?.state?.output ?? '', /pass 3\b[^]*fail 0\b/);
  t.regex(lastText(messages), /3 passed, none failed/);
});

test('every step has tokens and a cost', async (t) => {
  const directory = await project.addWorktree('costs');
  const session = await server.createSession(directory);
  const messages = await server.run({ session, text: 'Something that no script is about' });
  const steps = messages.filter((message) => message.info.role === 'assistant').map((message) => message.info);
  t.is(steps.length, 2);
  for (const { cost = 0, tokens } of steps) t.true(cost > 0 && (tokens?.input ?? 0) > 0 && (tokens?.output ?? 0) > 0);
});

test('review reports findings and changes nothing', async (t) => {
  const { directory, messages } = await run('review', 'meticulous-reviewer');
  t.deepEqual(await changedFiles(directory), []);
  t.regex(lastText(messages), /src\/words\.js:3[^]*words\.test\.js/);
});

test('integration edits a file that is there, and its tests pass', async (t) => {
  const { directory, messages } = await run('integration');
  t.deepEqual(await changedFiles(directory), ['src/words.js', 'test/words.test.js']);
  t.regex(lastText(messages), /2 passed, none failed/);
});

test('the session that is retried fails at once on its overloaded provider, and succeeds when asked again', async (t) => {
  const { directory, messages, session } = await run('retried');
  t.like(messages.at(-1)?.info.error, { name: 'APIError', data: { statusCode: 503, isRetryable: true } });
  t.is(messages.filter((message) => message.info.finish === 'tool-calls').length, 1);
  t.deepEqual(await changedFiles(directory), []);
  const again = await server.run({ session, text: demoSessions.retried.prompt });
  t.is(again.at(-1)?.info.finish, 'stop');
  t.deepEqual(await changedFiles(directory), ['docs/api.md']);
});

async function run(name: keyof typeof demoSessions, agent?: string): Promise<DemoRun> {
  const directory = await project.addWorktree(name);
  const session = await server.createSession(directory);
  return { directory, session, messages: await server.run({ session, text: demoSessions[name].prompt, agent }) };
}
