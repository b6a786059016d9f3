import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import type { ManagedServer } from '../../src/managed-server/managed-server.ts';
import { findProcess } from '../../src/managed-server/process-table.ts';
import { startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import { type Restart, superviseServer } from '../../src/managed-server/supervise-server.ts';
import { eventually } from '@oio/runtime/testing';
import { fakeManagedServer } from '../support/fake-managed-server.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { beginTurn, makePlace, optionsFor, promptsIn, readerOf, turnEnd } from '../support/real-server.ts';
import { writtenPid } from '../support/written-pid.ts';

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
  const tool = await writtenPid(pidFile);

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

test('a server that comes up and ends again and again is back after seconds each time', async (t) => {
  const retries: number[] = [];
  const supervised = await superviseServer({
    start: async () => fakeServer(Promise.resolve('SIGKILL')),
    onUp: () => undefined,
    onDown: (_reason, retryMs) => retries.push(retryMs),
    firstDelayMs: 1,
    maxDelayMs: 60_000,
    maxDelayAfterEndMs: 2,
  });
  await eventually(() => retries.length >= 5);
  await supervised.stop();
  t.deepEqual(retries.slice(0, 5), [1, 2, 2, 2, 2]);
});

test('a restart that is wanted comes at once, after what is to be done in between, and is not the server’s own end', async (t) => {
  const told: string[] = [];
  let again: Restart = async () => t.fail();
  const supervised = await superviseServer({
    start: async () => fakeManagedServer(),
    onUp: (_server, restart) => {
      told.push('up');
      again = restart;
    },
    onDown: (reason, retryMs) => told.push(`${reason} ${retryMs}`),
    firstDelayMs: 60_000,
  });
  await again('It is old.', async () => void told.push('in between'));
  await eventually(() => told.length === 4);
  t.deepEqual(told.slice(1, 3).sort(), ['It is old. 0', 'in between']);
  t.is(told[3], 'up');

  await t.throwsAsync(
    again('It is old.', () => Promise.reject(new Error('no space'))),
    { message: 'no space' },
  );
  await eventually(() => told.length === 6, { what: 'what fails in between does not keep it down' });
  await supervised.stop();
  await again('It is old.');
  t.is(told.length, 6, 'a stopped one stays down');
});

test('a server that cannot be ended stays up, and can be restarted later', async (t) => {
  const told: string[] = [];
  let again: Restart = async () => t.fail();
  let isStubborn = true;
  const exited = Promise.withResolvers<string>();
  const server = fakeManagedServer({
    exited: exited.promise,
    async end() {
      if (isStubborn) throw new Error('cannot be ended');
      exited.resolve('ended');
    },
  });
  const supervised = await superviseServer({
    start: async () => server,
    onUp: (_server, restart) => {
      again = restart;
    },
    onDown: (reason) => told.push(reason),
  });
  await t.throwsAsync(again('It is old.'), { message: 'cannot be ended' });
  t.is(supervised.server, server);
  isStubborn = false;
  await again('It is older.');
  await eventually(() => told[0] === 'It is older.');
  await supervised.stop();
});

test('a first start that fails is the caller’s to handle', async (t) => {
  const start = () => Promise.reject(new Error('no port'));
  const never = () => t.fail();
  await t.throwsAsync(superviseServer({ start, onUp: never, onDown: never }), { message: 'no port' });
});

function fakeServer(exited: Promise<string>): ManagedServer {
  return fakeManagedServer({ exited, stop: async () => {} });
}
