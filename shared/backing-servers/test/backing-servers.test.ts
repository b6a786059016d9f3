import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { ask } from '../src/ask.ts';
import type { BackingServer } from '../src/backing-server.ts';
import { startNatsServer } from '../src/start-nats-server.ts';
import { startRedisServer } from '../src/start-redis-server.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const configuration = join(import.meta.dirname, 'nats-minimal.conf');

interface Started {
  readonly server: BackingServer;
  /** What it says to one who has its password: `PONG`, if it does what it is for. */
  readonly greet: () => Promise<string>;
}

async function redis(directory: string): Promise<Started> {
  const server = await startRedisServer({ directory });
  const { password } = new URL(server.url);
  return { server, greet: () => ask(server.port, `AUTH ${password}\r\nPING\r\n`, /PONG|-/) };
}

async function nats(directory: string): Promise<Started> {
  const server = await startNatsServer({ directory, configuration });
  const { username, password } = new URL(server.urlOf('writer'));
  const login = JSON.stringify({ user: username, pass: password, verbose: false });
  return { server, greet: () => ask(server.port, `CONNECT ${login}\r\nPING\r\n`, /PONG|-ERR.*\r/) };
}

for (const [name, start] of Object.entries({ redis, nats })) {
  test(`${name} works when its start returns, and is gone after its scope`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const directory = await temporaryDirectory(stack);
    const { server, greet } = await start(directory);
    const { pid } = stack.use(server);
    t.regex(await greet(), /PONG/);
    t.true(server.isRunning);
    await server[Symbol.asyncDispose]();
    t.false(server.isRunning);
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await t.throwsAsync(greet());
  });

  test(`${name} that was killed comes back on its port with its credentials`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const { server, greet } = await start(await temporaryDirectory(stack));
    stack.use(server);
    const { pid, port } = server;
    await server.kill();
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await server.restart();
    t.is(server.port, port);
    t.not(server.pid, pid);
    t.regex(await greet(), /PONG/);
  });

  test(`${name} that is frozen answers nothing until it thaws, and can be stopped while frozen`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const { server, greet } = await start(await temporaryDirectory(stack));
    stack.use(server);
    await server.freeze();
    await t.throwsAsync(greet(), { message: 'No answer came.' });
    server.thaw();
    t.regex(await greet(), /PONG/);
    await server.freeze();
    await server.stop();
    t.false(server.isRunning);
  });

  test(`${name} says why it cannot start`, async (t) => {
    await using stack = new AsyncDisposableStack();
    const directory = await temporaryDirectory(stack);
    const { server } = await start(directory);
    stack.use(server);
    const { port } = server;
    const again =
      name === 'redis' ? startRedisServer({ directory, port }) : startNatsServer({ directory, port, configuration });
    await t.throwsAsync(again, { name: 'StartupError', message: /did not start on port \d+[\s\S]*(?:in use|bind)/i });
  });
}

test('ten servers that are started at once all get ports of their own', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const starts = Array.from({ length: 10 }, (_, index) => redis(join(directory, String(index))));
  const servers = await Promise.all(starts);
  for (const { server } of servers) stack.use(server);
  t.is(new Set(servers.map(({ server }) => server.port)).size, 10);
  for (const said of await Promise.all(servers.map(({ greet }) => greet()))) t.regex(said, /PONG/);
});

test('nobody gets into Redis without its password, which stands neither in the list of processes nor in a file', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const server = stack.use(await startRedisServer({ directory }));
  t.regex(await ask(server.port, 'PING\r\n', /\r\n/), /NOAUTH/);
  const { password } = new URL(server.url);
  t.true(password.length >= 32);
  const command = await readFile(`/proc/${server.pid}/cmdline`, 'utf8').catch(() => '');
  t.notRegex(command, new RegExp(password));
  t.notRegex(await readFile(server.logFile, 'utf8'), new RegExp(password));
});

test('each user of the configuration of NATS gets a password, and the directory the streams', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const server = stack.use(await startNatsServer({ directory, configuration }));
  t.deepEqual(server.users, ['reader', 'writer']);
  t.not(new URL(server.urlOf('reader')).password, new URL(server.urlOf('writer')).password);
  t.throws(() => server.urlOf('stranger'), { message: /knows no user stranger/ });
  t.true((await stat(join(directory, 'jetstream'))).isDirectory());
  const login = JSON.stringify({ user: 'writer', pass: 'guessed', verbose: false });
  t.regex(await ask(server.port, `CONNECT ${login}\r\nPING\r\n`, /PONG|-ERR/), /Authorization Violation/);
});

test('no generated password is one that NATS would read as a number', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const many = Array.from({ length: 40 }, (_, index) => `{ user: u${index}, password: $NATS_U${index}_PASSWORD }`);
  const conf = join(directory, 'many.conf');
  await writeFile(conf, `authorization { users = [\n${many.join('\n')}\n] }`);
  const server = stack.use(await startNatsServer({ directory, configuration: conf }));
  t.is(server.users.length, 40);
});

test('a server goes with its parent, also when that is killed, and even if it is frozen', async (t) => {
  await using stack = new AsyncDisposableStack();
  const directory = await temporaryDirectory(stack);
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'parent.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stack.defer(() => void parent.kill('SIGKILL'));
  const [said] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
  const { pid, port } = JSON.parse(said) as { pid: number; port: number };
  process.kill(pid, 'SIGSTOP');
  parent.kill('SIGKILL');
  await eventually(() => isGone(pid), { withinMs: 10_000, what: 'the end of the server' });
  const socket = connect({ port, host: '127.0.0.1' });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  t.is(error.code, 'ECONNREFUSED');
});

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
