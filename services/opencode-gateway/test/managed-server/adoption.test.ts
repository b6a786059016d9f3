import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StartupError } from '@oio/errors';
import anyTest, { type TestFn } from 'ava';
import { findProcess, isAlive } from '../../src/managed-server/process-table.ts';
import { startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import { readState, writeState } from '../../src/managed-server/state-file.ts';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { eventually } from '@oio/runtime/testing';
import { startObedientModel } from '../support/obedient-model.ts';
import { startOrchestrator } from '../support/orchestrator.ts';
import {
  beginTurn,
  endServersOn,
  makePlace,
  optionsFor,
  promptsIn,
  readerOf,
  startRealServer,
  turnEnd,
} from '../support/real-server.ts';

/** One directory of data for all, on which each test finds what the one before has left. */
const test = anyTest as TestFn<Awaited<ReturnType<typeof begin>>>;

test.before(async (t) => {
  t.context = await begin();
});

test.after.always((t) => t.context[Symbol.asyncDispose]());

test.serial(
  'a server survives its killed orchestrator, is adopted, and its turn goes on as if nothing had been',
  async (t) => {
    const { place, model, options } = t.context;
    await using orchestrator = await startOrchestrator(options);
    const before = new OpencodeAgentServer(orchestrator.server);
    const prompt = await beginTurn(before, place.repository, 'hold thinking');
    await eventually(() => model.requests.length > 0);

    const twice = await t.throwsAsync(startManagedServer(options), { instanceOf: StartupError });
    t.regex(twice?.message ?? '', /Another orchestrator \(process \d+\)/);

    await orchestrator.kill();
    await before[Symbol.asyncDispose]();
    await using real = await startRealServer(options);
    t.like(real.server, { ...orchestrator.server, adopted: true });
    t.like(await readerOf(real.agent, prompt).read(), { verdict: { type: 'running' } });
    model.release();
    t.like(await turnEnd(real.agent, prompt), { type: 'finished', text: 'thinking' });
    t.is(promptsIn(await real.agent.messages(prompt)), 1);

    process.kill(real.server.pid, 'SIGKILL');
    t.is(await real.server.exited, 'gone', 'the end of an adopted server is noticed');
  },
);

test.serial('a stranger with the number of a dead server is left in peace', async (t) => {
  const { options, statePath } = t.context;
  const stranger = spawn('sleep', ['97.3']);
  t.teardown(() => stranger.kill());
  const entry = await eventually(() => findProcess(stranger.pid ?? 0));
  const state = await readState(statePath);
  if (!state) return t.fail('There is no state.');
  await writeState(statePath, { ...state, server: { pid: entry.pid, startedAt: 'long ago' } });

  const server = await startManagedServer(options);
  t.like(server, { id: state.id, adopted: false });
  t.true(isAlive(entry));
  await server.release();
});

test.serial('a server with another configuration is not adopted but ended', async (t) => {
  const { options, statePath } = t.context;
  const before = await readState(statePath);
  const pid = before?.server?.pid ?? 0;
  t.not(findProcess(pid), null);
  await using real = await startRealServer({ ...options, config: { ...options.config, model: 'fake/other' } });
  t.like(real.server, { id: before?.id, adopted: false });
  t.is(findProcess(pid), null);
});

async function begin() {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  const options = optionsFor(model, place.data);
  stack.defer(() => endServersOn(place.data));
  const owned = stack.move();
  const statePath = join(place.data, 'server.json');
  return { place, model, options, statePath, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
