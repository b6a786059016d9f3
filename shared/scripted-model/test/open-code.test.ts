import { existsSync, readFileSync, watch } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import { bash, promptIncludes, type Script, type ScriptedModel, startScriptedModel } from '../src/index.ts';
import { lastText, startOpenCode } from './open-code.ts';
import { makeTemporaryProject } from './temporary-project.ts';

test('a turn that a crash of the server cut off goes on at the step that was interrupted', async (t) => {
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
