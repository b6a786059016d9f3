import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startNatsServer } from '@oio/backing-servers';
import { eventually } from '@oio/runtime/testing';
import anyTest, { type TestFn } from 'ava';
import { TcpProxy } from '../chaos/proxy/tcp-proxy.ts';
import { type Backing, startBacking, unusedPort } from './support/backing.ts';
import { type Environment, ServiceProcess } from './support/service-process.ts';

const test = anyTest as TestFn<{ backing: Backing }>;
const SERVICES = ['session-actor', 'scheduler', 'opencode-gateway', 'metrics', 'http-gateway'];

test.before(async (t) => {
  t.context.backing = await startBacking();
});
test.after.always((t) => t.context.backing?.[Symbol.asyncDispose]());

for (const service of SERVICES) {
  test.serial(`${service} starts by itself, tells how its dependencies do, and stops on SIGTERM`, async (t) => {
    await using process = start(t.context.backing, service);
    await process.ready();
    const { status, dependencies } = await process.readiness();
    t.is(status, 'ready');
    t.deepEqual(
      dependencies.map(({ name, state, optional }) => `${name} ${state} ${optional}`),
      ['postgres ok false', 'nats ok false', 'redis ok true'],
    );
    process.signal('SIGTERM');
    t.is(await process.ended(), 0, process.output);
    t.is(process.lines.at(-1)?.['msg'], 'stopped');
    t.deepEqual(
      process.lines.filter(({ level }) => Number(level) >= 50),
      [],
    );
  });
}

test.serial(
  'what a service needs may come late: it says what it waits for, and starts when that is there',
  async (t) => {
    const { backing } = t.context;
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await TcpProxy.start(Number(new URL(backing.database.url).port)));
    database.refuse();
    const nats = { port: await unusedPort(), directory: join(backing.directory, 'late-nats') };
    const process = stack.use(
      start(backing, 'session-actor', {
        DATABASE_URL: withPort(backing.database.url, database.port),
        // The server that comes has this password.
        NATS_URL: `nats://session-actor:${LATE_PASSWORD}@127.0.0.1:${nats.port}`,
        REDIS_URL: `redis://127.0.0.1:${await unusedPort()}`,
      }),
    );
    await process.ready(({ reasons }) => reasons.includes('Waiting for PostgreSQL.'));
    t.like(await process.readiness(), { code: 503, status: 'starting' });
    t.like(await process.said('waiting for a dependency'), { dependency: 'PostgreSQL' });
    database.heal();
    await process.ready(({ reasons }) => reasons.includes('Waiting for NATS.'));
    stack.use(await startNatsServer({ ...nats, configuration: await lateConfiguration(backing.directory) }));
    await process.ready();
    // Redis has not come at all.
    t.like(await process.readiness(), { code: 200, status: 'degraded' });
  },
);

const LATE: readonly (readonly [string, (port: number) => Environment])[] = [
  ['PostgreSQL', (port) => ({ DATABASE_URL: `postgres://oio:secret@127.0.0.1:${port}/oio` })],
  ['NATS', (port) => ({ NATS_URL: `nats://scheduler:secret@127.0.0.1:${port}` })],
];

for (const [dependency, environment] of LATE) {
  test.serial(`a service that waits for ${dependency} stops at once when it is told to`, async (t) => {
    await using process = start(t.context.backing, 'scheduler', environment(await unusedPort()));
    await process.ready(({ reasons }) => reasons.includes(`Waiting for ${dependency}.`));
    process.signal('SIGTERM');
    t.is(await process.ended(), 0, process.output);
  });
}

const LATE_PASSWORD = 'late-but-known';

async function lateConfiguration(directory: string): Promise<string> {
  const path = join(directory, 'late-nats.conf');
  await writeFile(
    path,
    `jetstream {}\nauthorization { users: [{ user: session-actor, password: ${LATE_PASSWORD} }] }\n`,
  );
  return path;
}

const REFUSED: readonly (readonly [string, string, (backing: Backing) => Promise<Environment>, RegExp])[] = [
  [
    'a database that refuses the user',
    'metrics',
    async ({ database }) => ({ DATABASE_URL: withUser(database.url, 'nobody', 'hunter2') }),
    /^The database at 127\.0\.0\.1:\d+\/test_\w+ cannot be used: .*\n$/m,
  ],
  [
    'a NATS that refuses the password',
    'metrics',
    async ({ nats }) => ({ NATS_URL: `nats://metrics:hunter2@127.0.0.1:${nats.port}` }),
    /^NATS at 127\.0\.0\.1:\d+ refuses the user "metrics": check the user and the password in NATS_URL\.$/m,
  ],
  [
    'a Redis that refuses the password',
    'metrics',
    async ({ redis }) => ({ REDIS_URL: `redis://:hunter2@127.0.0.1:${redis.port}` }),
    /^Redis refuses the credentials that REDIS_URL gives: /m,
  ],
  [
    'settings without secrets in production',
    'metrics',
    async ({ redis }) => ({ NODE_ENV: 'production', REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
    /REDIS_URL: needs a password in production/,
  ],
  [
    'no API key',
    'http-gateway',
    async () => ({ API_KEY: undefined }),
    /API_KEY, API_KEY_FILE: one of the two is needed/,
  ],
  [
    'an API key file that others can read',
    'http-gateway',
    async ({ directory }) => {
      const file = join(directory, 'open-key');
      await writeFile(file, 'x'.repeat(40));
      await chmod(file, 0o644);
      return { API_KEY: undefined, API_KEY_FILE: file };
    },
    /can be read by others\. Make it yours alone/,
  ],
];

for (const [title, service, wrong, message] of REFUSED) {
  test.serial(`a start with ${title} ends with a sentence and exit code 78, and tells no secret`, async (t) => {
    const { backing } = t.context;
    await using process = start(backing, service, await wrong(backing));
    t.is(await process.ended(), 78, process.output);
    t.regex(process.output, message);
    t.notRegex(process.output, /hunter2|\n {4}at /);
  });
}

test.serial(
  'what is refused stays where it shall, not ready, and ends with its exit code when it is stopped',
  async (t) => {
    const { nats } = t.context.backing;
    const wrong = { NATS_URL: `nats://metrics:hunter2@127.0.0.1:${nats.port}`, WHEN_REFUSED: 'wait' };
    await using process = start(t.context.backing, 'metrics', wrong);
    const { healthUrl } = await process.said('health server listens');
    await eventually(() => process.output.includes('waits to be stopped'), { what: 'its word that it waits' });
    t.regex(process.output, /^NATS at [^\n]+ refuses the user "metrics": [^\n]+\nIt is not tried again\. /m);
    await t.throwsAsync(fetch(`${String(healthUrl)}/health/ready`));
    t.true(process.isRunning);
    process.signal('SIGTERM');
    t.is(await process.ended(), 78, process.output);
  },
);

function start(backing: Backing, service: string, environment: Environment = {}): ServiceProcess {
  return new ServiceProcess(service, { ...backing.environmentOf(service), ...environment });
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.href;
}

function withUser(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = password;
  return changed.href;
}
