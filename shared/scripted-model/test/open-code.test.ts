import { existsSync, readFileSync, watch } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import {
  bash,
  demoScripts,
  demoSessions,
  httpError,
  promptIncludes,
  type Script,
  type ScriptedModel,
  startScriptedModel,
} from '../src/index.ts';
import { type Message, type OpenCode, startOpenCode } from './open-code.ts';
import { changedFiles, makeTemporaryProject, type TemporaryProject } from './temporary-project.ts';

// One after the other: each test has a server of half a gigabyte, which needs a core to start.
test.serial('the demo sessions do their work with the real tools, in parallel, each in its worktree', async (t) => {
  await using project = await makeTemporaryProject();
  await using model = await startScriptedModel({ scripts: demoScripts, tokenDelayMs: 1 });
  await using server = await startOpenCode(model, project.home);
  const [plan, code, review, fix, page] = await Promise.all([
    runDemo(server, project, 'planning', 'industrial-architect'),
    runDemo(server, project, 'execution'),
    runDemo(server, project, 'review', 'meticulous-reviewer'),
    runDemo(server, project, 'integration'),
    runDemo(server, project, 'retried'),
  ]);

  t.deepEqual(await changedFiles(plan.directory), ['docs/plan.md']);
  t.regex(read(plan.directory, 'docs/plan.md'), /^# Plan/);

  t.deepEqual(await changedFiles(code.directory), ['src/slug.js', 'test/slug.test.js']);
  t.regex(toolOutputs(code.messages, 'bash').join(), /pass 3\b[^]*fail 0\b/);
  t.regex(lastText(code.messages), /3 passed, none failed/);

  t.deepEqual(await changedFiles(review.directory), []);
  t.regex(lastText(review.messages), /src\/words\.js:3[^]*words\.test\.js/);

  t.deepEqual(await changedFiles(fix.directory), ['src/words.js', 'test/words.test.js']);
  t.regex(lastText(fix.messages), /2 passed, none failed/);

  t.deepEqual(await changedFiles(page.directory), []);
  t.like(page.messages.at(-1)?.info.error, { name: 'APIError', data: { statusCode: 503, isRetryable: true } });
  const again = await server.run({ session: page.session, text: demoSessions.retried.prompt });
  t.is(again.at(-1)?.info.finish, 'stop');
  t.deepEqual(await changedFiles(page.directory), ['docs/api.md']);

  for (const { info } of [...plan.messages, ...code.messages].filter((message) => message.info.role === 'assistant')) {
    t.true((info.cost ?? 0) > 0 && (info.tokens?.input ?? 0) > 0 && (info.tokens?.output ?? 0) > 0);
  }
  t.true(plan.messages.some((message) => (message.info.tokens?.reasoning ?? 0) > 0));
});

test.serial('a turn that a crash of the server cut off goes on at the step that was interrupted', async (t) => {
  const script: Script = {
    name: 'crash',
    matches: promptIncludes('crash'),
    steps: [
      { toolCalls: [bash('echo once >> first.txt')] },
      {
        toolCalls: [bash('echo $$ >> second.txt; if [ -e third.txt ]; then exit; fi; touch third.txt; exec sleep 60')],
      },
      { text: 'Done.' },
    ],
  };
  await using project = await makeTemporaryProject();
  await using model = await startScriptedModel({ scripts: [script], tokenDelayMs: 0 });
  const directory = await project.addWorktree('crash');
  const prompt = { messageId: `msg_${'0'.repeat(12)}abcdefghijklmn`, text: 'crash in the middle' };
  const session = await crashInSecondStep(model, project.home, directory, prompt);

  await using server = await startOpenCode(model, project.home);
  const messages = await server.run({ ...prompt, session, text: null });

  t.is(lastText(messages), 'Done.');
  t.is(read(directory, 'first.txt'), 'once\n');
  t.is(read(directory, 'second.txt').trim().split('\n').length, 2);
  t.deepEqual(
    model.requests.map((request) => request.step),
    [0, 1, 1, 2],
  );
});

test.serial('faults reach the agent as the failures that it knows', async (t) => {
  const scripts: readonly Script[] = [
    { name: 'refused', matches: promptIncludes('refused'), steps: [httpError(400, 'The request is refused.')] },
    { name: 'garbled', matches: promptIncludes('garbled'), steps: [{ fault: { kind: 'malformed_json', after: 'I' } }] },
    { name: 'cut', matches: promptIncludes('cut'), steps: [{ text: 'I was going to', finishReason: 'length' }] },
  ];
  await using project = await makeTemporaryProject();
  await using model = await startScriptedModel({ scripts, tokenDelayMs: 0 });
  await using server = await startOpenCode(model, project.home);
  const directory = await project.addWorktree('faults');
  const endOf = async (text: string) => {
    const messages = await server.run({ session: await server.createSession(directory), text });
    return messages.at(-1)?.info;
  };

  t.like((await endOf('refused'))?.error, { name: 'APIError', data: { statusCode: 400, isRetryable: false } });
  t.like((await endOf('garbled'))?.error, { name: 'UnknownError' });
  t.is((await endOf('cut'))?.finish, 'length');
});

interface DemoRun {
  readonly directory: string;
  readonly session: string;
  readonly messages: readonly Message[];
}

async function runDemo(
  server: OpenCode,
  project: TemporaryProject,
  name: keyof typeof demoSessions,
  agent?: string,
): Promise<DemoRun> {
  const directory = await project.addWorktree(name);
  const session = await server.createSession(directory);
  return { directory, session, messages: await server.run({ session, text: demoSessions[name].prompt, agent }) };
}

/** Kills the server while the command of the second step runs, and the command too, which would outlive it. */
async function crashInSecondStep(
  model: ScriptedModel,
  home: string,
  directory: string,
  prompt: { readonly messageId: string; readonly text: string },
): Promise<string> {
  await using server = await startOpenCode(model, home);
  const session = await server.createSession(directory);
  const signal = AbortSignal.timeout(60_000);
  const watcher = watch(directory, { signal });
  await server.begin({ ...prompt, session });
  while (!existsSync(join(directory, 'third.txt'))) await once(watcher, 'change', { signal });
  watcher.close();
  await server[Symbol.asyncDispose]();
  process.kill(Number(read(directory, 'second.txt')), 'SIGKILL');
  return session;
}

function read(directory: string, path: string): string {
  return readFileSync(join(directory, path), 'utf8');
}

function toolOutputs(messages: readonly Message[], tool: string): string[] {
  return messages.flatMap(({ parts }) =>
    parts.filter((part) => part.tool === tool).map((part) => part.state?.output ?? ''),
  );
}

function lastText(messages: readonly Message[]): string {
  return messages.at(-1)?.parts.find((part) => part.type === 'text')?.text ?? '';
}
