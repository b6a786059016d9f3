import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { type Machine, requireBinary } from '../src/require-binary.ts';

/** A machine as the test wants it, and what was installed on it. */
function machine(options: { has: boolean; installs: boolean; install?: () => Promise<boolean> }): Machine & {
  readonly installed: string[];
} {
  let { has } = options;
  const installed: string[] = [];
  return {
    installed,
    installs: options.installs,
    find: async (binary) => (has ? `/usr/bin/${binary}` : null),
    async install(name) {
      installed.push(name);
      has = (await options.install?.()) ?? true;
    },
  };
}

test('a program that is there is used, and nothing is installed', async (t) => {
  const there = machine({ has: true, installs: true });
  t.is(await requireBinary('redis-server', there), '/usr/bin/redis-server');
  t.deepEqual(there.installed, []);
});

test('a program that is missing is installed where that is possible', async (t) => {
  const debian = machine({ has: false, installs: true });
  t.is(await requireBinary('nats-server', debian), '/usr/bin/nats-server');
  t.deepEqual(debian.installed, ['nats-server']);
});

test('where nothing can be installed, it is said what to install', async (t) => {
  const other = machine({ has: false, installs: false });
  const error = await t.throwsAsync(requireBinary('redis-server', other), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.unavailable);
  t.regex(String(error?.message), /redis-server is needed.*apt-get install redis-server.*brew install redis\)/);
  t.deepEqual(other.installed, []);
});

test('an installation that fails is told with its reason, and what to install', async (t) => {
  const offline = machine({ has: false, installs: true, install: () => Promise.reject(new Error('Unable to fetch')) });
  const message = /nats-server is needed.*Unable to fetch.*apt-get install nats-server/s;
  await t.throwsAsync(requireBinary('nats-server', offline), { instanceOf: StartupError, message });
});

test('an installation that brings no program is a failure', async (t) => {
  const odd = machine({ has: false, installs: true, install: async () => false });
  await t.throwsAsync(requireBinary('nats-server', odd), { instanceOf: StartupError, message: /is needed/ });
});

test('a program of this machine is found, also where only the path of root leads', async (t) => {
  for (const binary of ['nats-server', 'redis-server'] as const)
    t.regex(await requireBinary(binary), new RegExp(`^/.*/${binary}$`));
});
