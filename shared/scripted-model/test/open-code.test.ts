import { existsSync, readFileSync, watch } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { bash, httpError, promptIncludes, type Script, type ScriptedModel, startScriptedModel } from '../src/index.ts';
import { lastText, startOpenCode } from './open-code.ts';
import { makeTemporaryProject } from './temporary-project.ts';

// One after the other: each has a server of half a gigabyte, which needs a core to start.
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
  t.is(readFileSync(join(directory, 'first.txt'), 'utf8'), 'once\n');
  t.is(readFileSync(join(directory, 'second.txt'), 'utf8').trim().split('\n').length, 2);
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
  process.kill(Number(readFileSync(join(directory, 'second.txt'), 'utf8')), 'SIGKILL');
  return session;
}
