import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { EXIT_CODE } from '@oio/errors';
import { startEmbeddedPostgres } from '@oio/persistence';
import test from 'ava';
import { type Environment, failedStart } from './support/orchestrator.ts';
import { makePlace, type Place } from './support/place.ts';
import { processesOf } from './support/processes.ts';

interface Refusal {
  readonly environment?: (place: Place) => Promise<Environment> | Environment;
  readonly args?: readonly string[];
  readonly code: number;
  /** What the person is told. */
  readonly says: readonly RegExp[];
  /** What is not repeated, because it is a secret. */
  readonly hides?: RegExp;
}

/** It ends by itself with that code, in words and without a stack, and leaves nothing running. */
const refuses = test.macro(async (t, { environment, args = [], code, says, hides }: Refusal) => {
  await using place = await makePlace();
  const ended = await failedStart(place, await environment?.(place), args);
  t.is(ended.code, code, ended.output);
  for (const pattern of says) t.regex(ended.output, pattern);
  t.notRegex(ended.output, /\n\s+at .+:\d+/);
  if (hides) t.notRegex(ended.output, hides);
  t.deepEqual(processesOf(place.root), []);
});

test.serial('an unknown argument is answered with the usage', refuses, {
  args: ['--prot', '9000'],
  code: EXIT_CODE.usage,
  says: [/--prot/, /Usage: npm start/],
});

test.serial('a wrong setting is named', refuses, {
  environment: () => ({ MAX_CONCURRENT_SESSIONS: '0', OIO_MODEL: 'gpt' }),
  code: EXIT_CODE.config,
  says: [/MAX_CONCURRENT_SESSIONS/, /OIO_MODEL: must be provider\/model/],
});

test.serial('providers that are no JSON object are named and not repeated', refuses, {
  environment: () => ({ OIO_PROVIDERS: '{"mine": "sk-secret"}' }),
  code: EXIT_CODE.config,
  says: [/OIO_PROVIDERS: must be a JSON object/],
  hides: /sk-secret/,
});

test.serial('without git it says what to install', refuses, {
  environment: ({ root }) => ({ PATH: join(root, 'home') }),
  code: EXIT_CODE.unavailable,
  says: [/git is needed/, /Install git/],
});

test.serial('a root that does not exist is named', refuses, {
  environment: ({ root }) => ({ WORKSPACE_ROOTS: join(root, 'nowhere') }),
  code: EXIT_CODE.config,
  says: [/nowhere does not exist/, /--root or WORKSPACE_ROOTS/],
});

test.serial('a data directory that is a file is named', refuses, {
  async environment({ data }) {
    await writeFile(data, '');
    return {};
  },
  code: EXIT_CODE.storage,
  says: [/data cannot be used: .*is a file/, /--data or OIO_DATA_DIR/],
});

test.serial('a data directory that may not be written is named', refuses, {
  async environment({ root }) {
    // Nothing is forbidden to root in its own directories.
    if (process.getuid?.() === 0) return { OIO_DATA_DIR: '/sys/oio' };
    const closed = join(root, 'closed');
    await mkdir(closed);
    await chmod(closed, 0o500);
    return { OIO_DATA_DIR: join(closed, 'data') };
  },
  code: EXIT_CODE.storage,
  says: [/cannot be used: (there is no permission|it is on a read-only)/, /--data or OIO_DATA_DIR/],
});

test.serial('a damaged database is told with what to do about it', refuses, {
  async environment({ data }) {
    await mkdir(join(data, 'postgres', 'data'), { recursive: true });
    await writeFile(join(data, 'postgres', 'data', 'PG_VERSION'), '');
    return {};
  },
  code: EXIT_CODE.storage,
  says: [/postgres\/data holds a PostgreSQL database of unknown version/],
});

test.serial('an address of a database that is none is named', refuses, {
  environment: () => ({ DATABASE_URL: 'localhost/oio' }),
  code: EXIT_CODE.config,
  says: [/DATABASE_URL must look like postgres:\/\//],
});

test.serial('a database that does not answer is named without its password', refuses, {
  environment: () => ({ DATABASE_URL: 'postgres://oio:hidden-word@127.0.0.1:1/oio' }),
  code: EXIT_CODE.unavailable,
  says: [/The database at 127\.0\.0\.1:1\/oio cannot be used: .*ECONNREFUSED/],
  hides: /hidden-word/,
});

test.serial('beyond this machine the API wants to know its names', refuses, {
  environment: () => ({ API_HOST: '0.0.0.0' }),
  code: EXIT_CODE.config,
  says: [/API_HOST=0\.0\.0\.0/, /API_ALLOWED_HOSTS/],
});

test.serial('a port that is taken is named', async (t) => {
  await using place = await makePlace();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { code, output } = await failedStart(place, {}, ['--port', String(port)]);
  t.is(code, EXIT_CODE.unavailable);
  t.regex(output, new RegExp(`Port ${port} on 127.0.0.1 is taken.*--port or API_PORT`));
});

test.serial('a wrong password of the database is told and not repeated', async (t) => {
  await using place = await makePlace();
  await using postgres = await startEmbeddedPostgres({ directory: join(place.root, 'foreign') });
  const url = new URL(postgres.url);
  url.password = 'hidden-word';
  const { code, output } = await failedStart(place, { DATABASE_URL: url.href });
  t.is(code, EXIT_CODE.config, output);
  t.regex(output, /password authentication failed/);
  t.notRegex(output, /hidden-word|\n\s+at .+:\d+/);
});
