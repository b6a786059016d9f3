import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { type ManagedServer, managedServer } from '../../src/managed-server/managed-server.ts';
import { findProcess } from '../../src/managed-server/process-table.ts';
import { startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import { superviseServer } from '../../src/managed-server/supervise-server.ts';
import { eventually } from '@oio/runtime/testing';
import { startObedientModel } from '../support/obedient-model.ts';
import { beginTurn, makePlace, optionsFor, promptsIn, readerOf, turnEnd } from '../support/real-server.ts';

test('a server killed in the middle of a turn is started again, the turn known interrupted, and resumed once', async (t) => {
  await using place = await makePlace();
  await using model = await startObedientModel();
  const ups: ManagedServer[] = [];
  const downs: string[] = [];
  await using cleanUp = new AsyncDisposableStack();
  const supervised = await superviseServer({
    start: () => startManagedServer(optionsFor(model, place.data)),
    onUp: (server) => ups.push(server),
    onDown: (reason) => downs.push(reason),
    firstDelayMs: 50,
  });
  cleanUp.defer(() => supervised.stop());
  const [first] = ups;
  if (first === undefined) return t.fail('It should be up');
  await using agent = new OpencodeAgentServer(first);
  const pidFile = join(place.repository, 'tool.pid');
  const prompt = await beginTurn(agent, place.repository, `bash echo $$ > ${pidFile}; exec sleep 97.4`);
  const tool = await eventually(async () => Number(await readFile(pidFile, 'utf8').catch(() => '')) || null);

  process.kill(first.pid, 'SIGKILL');
  const second = await eventually(() => ups[1], { withinMs: 60_000, what: 'the second start' });
  t.deepEqual(downs, ['The OpenCode server ended by itself (SIGKILL).']);
  t.is(supervised.server, second);
  t.like(second, { id: first.id, url: first.url, password: first.password, adopted: false });
  t.is(findProcess(tool), null, 'the tool that the dead server left behind is gone');

  const reader = readerOf(agent, prompt, true);
  t.deepEqual((await reader.read()).verdict, { type: 'interrupted', reason: 'tool_interrupted' });
  reader.noteSent();
  await agent.resume(prompt);
  t.like(await turnEnd(agent, prompt, reader), { type: 'finished', text: 'done' });
  const messages = await agent.messages(prompt);
  t.is(promptsIn(messages), 1);
  t.is(messages.find(({ role }) => role === 'user')?.parts.length, 1, 'its text stands there once');
});

test('starts that fail are repeated at growing intervals, and a stop ends the trying', async (t) => {
  let starts = 0;
  const retries: number[] = [];
  const supervised = await superviseServer({
    async start() {
      starts += 1;
      if (starts > 1) throw new Error('no luck');
      return fakeServer(Promise.resolve('exit code 1'));
    },
    onUp: () => undefined,
    onDown: (_reason, retryMs) => retries.push(retryMs),
    firstDelayMs: 1,
    maxDelayMs: 8,
  });
  await eventually(() => retries.length >= 6);
  await supervised.stop();
  t.deepEqual(retries.slice(0, 6), [1, 2, 4, 8, 8, 8]);
  t.is(supervised.server, null);
  const atStop = starts;
  await nextTurn();
  t.is(starts, atStop);
});

test('a first start that fails is the caller’s to handle', async (t) => {
  const start = () => Promise.reject(new Error('no port'));
  const never = () => t.fail();
  await t.throwsAsync(superviseServer({ start, onUp: never, onDown: never }), { message: 'no port' });
});

function fakeServer(exited: Promise<string>): ManagedServer {
  const stop = () => Promise.resolve();
  const identity = { id: 'a', pid: 1, startedAt: '' };
  return managedServer({ ...identity, url: '', password: '', adopted: false, stop, release: stop, exited });
}
