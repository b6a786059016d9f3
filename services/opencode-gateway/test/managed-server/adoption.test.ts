import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { StartupError } from '@oio/errors';
import test from 'ava';
import { findProcess, isAlive } from '../../src/managed-server/process-table.ts';
import { startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import { readState, writeState } from '../../src/managed-server/state-file.ts';
import { OpencodeAgentServer } from '../../src/adapters/opencode-agent-server.ts';
import { eventually } from '@oio/runtime/testing';
import { startObedientModel } from '../support/obedient-model.ts';
import { startOrchestrator } from '../support/orchestrator.ts';
import {
  beginTurn,
  makePlace,
  optionsFor,
  promptsIn,
  readerOf,
  startRealServer,
  turnEnd,
} from '../support/real-server.ts';

test('a server survives its killed orchestrator, is adopted, and its turn goes on as if nothing had been', async (t) => {
  await using place = await makePlace();
  await using model = await startObedientModel();
  const options = optionsFor(model, place.data);
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
});

test('a server with another configuration is not adopted but ended', async (t) => {
  await using place = await makePlace();
  const options = optionsFor({ url: 'http://127.0.0.1:9/v1' }, place.data);
  await using orchestrator = await startOrchestrator(options);
  await orchestrator.kill();
  await using real = await startRealServer({ ...options, config: { ...options.config, model: 'fake/other' } });
  t.like(real.server, { id: orchestrator.server.id, adopted: false });
  t.is(findProcess(orchestrator.server.pid), null);
});

test('a stranger with the number of a dead server is left in peace', async (t) => {
  await using place = await makePlace();
  const options = optionsFor({ url: 'http://127.0.0.1:9/v1' }, place.data);
  const stranger = spawn('sleep', ['97.3']);
  t.teardown(() => stranger.kill());
  const entry = await eventually(() => findProcess(stranger.pid ?? 0));
  const first = await startManagedServer(options);
  await first.stop();
  const path = join(place.data, 'server.json');
  const state = await readState(path);
  t.not(state, null);
  if (state) await writeState(path, { ...state, server: { pid: entry.pid, startedAt: 'long ago' } });

  await using real = await startRealServer(options);
  t.false(real.server.adopted);
  t.true(isAlive(entry));
});
