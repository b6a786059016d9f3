import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { EXIT_CODE, StartupError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import { findProcess } from '../../src/managed-server/process-table.ts';
import { startManagedServer } from '../../src/managed-server/start-managed-server.ts';
import { readState } from '../../src/managed-server/state-file.ts';
import { startObedientModel } from '../support/obedient-model.ts';
import { beginTurn, endServersOn, makePlace, optionsFor, startRealServer, turnEnd } from '../support/real-server.ts';
import { writtenPid } from '../support/written-pid.ts';

const test = anyTest as TestFn<Awaited<ReturnType<typeof begin>>>;

test.before(async (t) => {
  t.context = await begin();
});

test.after.always((t) => t.context[Symbol.asyncDispose]());

test.serial('a server whose port is taken while it starts is started on another', async (t) => {
  const { place, options } = t.context;
  const starting = startManagedServer(options);
  const stateFile = join(place.data, 'server.json');
  const port = await eventually(async () => {
    const state = await readState(stateFile);
    return state?.server && state.port;
  });
  const taker = createServer().listen(port, '127.0.0.1');
  t.teardown(() => taker.close());
  await once(taker, 'listening');
  const server = await starting;
  t.not(server.url, `http://127.0.0.1:${port}`);
  t.is((await readState(stateFile))?.server?.pid, server.pid);
  t.false(server.adopted);
  // The next test goes on with it.
  await server.release();
});

test.serial(
  'a stopped server leaves nothing running and its sessions on disk; its tools never see a secret',
  async (t) => {
    const { place, options } = t.context;
    await using real = await startRealServer(options);
    const { server, agent } = real;
    t.is((await stat(join(place.data, 'server.json'))).mode & 0o777, 0o600);
    const { models } = await agent.models(place.repository);
    t.true(
      models.some(({ providerId }) => providerId === 'anthropic'),
      'the user’s own credentials are known',
    );

    const command =
      'env > env.txt; (setsid sleep 97.1 >/dev/null 2>&1 & echo $! > a.pid); sleep 97.2 >/dev/null 2>&1 & echo $! > b.pid';
    const prompt = await beginTurn(agent, place.repository, `bash ${command}`);
    t.like(await turnEnd(agent, prompt), { type: 'finished' });
    const seen = await readFile(join(place.repository, 'env.txt'), 'utf8');
    t.notRegex(seen, /hidden|DATABASE_URL|JWT_|OIO_KEY/);
    t.false(seen.includes(server.password));
    t.true(seen.includes(`HOME=${place.data}`));
    const left = [await writtenPid(join(place.repository, 'a.pid')), await writtenPid(join(place.repository, 'b.pid'))];
    for (const pid of left) t.not(findProcess(pid), null, 'what a shell leaves in the background outlives it');

    await real[Symbol.asyncDispose]();
    t.is(findProcess(server.pid), null);
    for (const pid of left) t.is(findProcess(pid), null);
    t.is(typeof (await server.exited), 'string');

    await using again = await startRealServer(options);
    t.is(again.server.id, server.id);
    t.not(again.server.pid, server.pid);
    t.like(await again.agent.getSession(prompt), { id: prompt.sessionId });
  },
);

test('what keeps a server from starting is said in words, with its exit code', async (t) => {
  await using place = await makePlace();
  const options = optionsFor({ url: 'http://127.0.0.1:9/v1' }, place.data);

  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const portTaken = await t.throwsAsync(startManagedServer({ ...options, port }), { instanceOf: StartupError });
  t.like(portTaken, {
    message: `Port ${port} is taken; the OpenCode server needs it.`,
    exitCode: EXIT_CODE.unavailable,
  });
  taken.close();

  const file = join(place.root, 'file');
  await writeFile(file, '');
  const noDirectory = await t.throwsAsync(startManagedServer({ ...options, directory: join(file, 'x') }));
  t.like(noDirectory, { name: 'StartupError', exitCode: EXIT_CODE.storage });

  const tooSlow = await t.throwsAsync(startManagedServer({ ...options, startupMs: 1 }), { instanceOf: StartupError });
  t.regex(tooSlow?.message ?? '', /did not start within/);
});

async function begin() {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const model = stack.use(await startObedientModel());
  stack.defer(() => endServersOn(place.data));
  const owned = stack.move();
  const environment = {
    ...process.env,
    DATABASE_URL: 'postgres://hidden',
    JWT_SECRET_KEY: 'hidden',
    OIO_KEY: 'hidden',
  };
  const authContent = JSON.stringify({ anthropic: { type: 'api', key: 'hidden' } });
  const options = { ...optionsFor(model, place.data), environment, authContent };
  return { place, options, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
