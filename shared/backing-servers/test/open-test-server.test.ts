import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { ask } from '../src/ask.ts';
import {
  openTestServer,
  type ServerName,
  type Surroundings,
  type TestServer,
} from '../src/testing/open-test-server.ts';

const server = (url: string): TestServer => ({ url, [Symbol.asyncDispose]: async () => {} });

/** A machine where everything can be had, unless said otherwise, and what was asked of it. */
function machine(differences: Surroundings = {}): { surroundings: Surroundings; asked: string[] } {
  const asked: string[] = [];
  const surroundings: Required<Surroundings> = {
    environment: { OIO_TEST_REDIS_URL: 'from the environment' },
    startContainer: async () => server('from a container'),
    startProcess: async () => server('from a process'),
    ...differences,
  };
  return {
    asked,
    surroundings: {
      environment: surroundings.environment,
      startContainer: (name: ServerName) => (asked.push('container'), surroundings.startContainer(name)),
      startProcess: (name: ServerName) => (asked.push('process'), surroundings.startProcess(name)),
    },
  };
}

const NOTHING_SET = { environment: { OIO_TEST_REDIS_URL: '', OIO_TEST_NATS_URL: 'that of another' } };
const NO_ENGINE = { startContainer: async () => null };
const BROKEN_ENGINE = { startContainer: () => Promise.reject(new Error('The image cannot be pulled.')) };
const NO_PROGRAM = {
  startProcess: () =>
    Promise.reject(new StartupError('Install it: apt-get install redis-server', EXIT_CODE.unavailable)),
};

const ORDER: readonly (readonly [string, Surroundings, string, string[]])[] = [
  ['the environment comes first, and nothing is started', {}, 'from the environment', []],
  ['without it a container is started', NOTHING_SET, 'from a container', ['container']],
  ['without an engine a process is', { ...NOTHING_SET, ...NO_ENGINE }, 'from a process', ['container', 'process']],
  [
    'so it is if the engine does not work',
    { ...NOTHING_SET, ...BROKEN_ENGINE },
    'from a process',
    ['container', 'process'],
  ],
];

for (const [title, differences, url, wanted] of ORDER) {
  test(title, async (t) => {
    const { surroundings, asked } = machine(differences);
    t.is((await openTestServer('redis', surroundings)).url, url);
    t.deepEqual(asked, wanted);
  });
}

test('where none can be had, every reason is told, and what to install', async (t) => {
  const { surroundings } = machine({ ...NOTHING_SET, ...BROKEN_ENGINE, ...NO_PROGRAM });
  const error = await t.throwsAsync(openTestServer('redis', surroundings), { instanceOf: StartupError });
  t.regex(String(error?.message), /need a redis server[\s\S]*cannot be pulled[\s\S]*apt-get install redis-server/);
});

test('without an engine and anything in the environment, a real Redis comes from this machine', async (t) => {
  await using redis = await openTestServer('redis', { environment: {}, ...NO_ENGINE });
  const { password, port } = new URL(redis.url);
  t.regex(await ask(Number(port), `AUTH ${password}\r\nPING\r\n`, /PONG|-/), /PONG/);
});

test('a real NATS comes with the configuration of production and a user who may do everything', async (t) => {
  await using nats = await openTestServer('nats', { environment: {}, ...NO_ENGINE });
  const { username, password, port } = new URL(nats.url);
  const login = JSON.stringify({ user: username, pass: password, verbose: false });
  t.regex(await ask(Number(port), `CONNECT ${login}\r\nSUB > 1\r\nPING\r\n`, /PONG|-ERR/), /PONG/);
});
