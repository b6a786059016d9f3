import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { EXIT_CODE, StartupError } from '@oio/errors';
import test from 'ava';
import { firstBarrier } from '../../src/embedded/server-account.ts';
import { findBinaries, usableBinaries } from '../../src/embedded/server-binaries.ts';
import { databaseDirectory } from './database-directory.ts';

/** Somebody who owns nothing here. */
const ACCOUNT = { name: 'somebody', uid: 54_321, gid: 54_321 };

test('a platform without binaries is refused with the way out', (t) => {
  const error = t.throws(() => findBinaries('sunos-sparc'), { instanceOf: StartupError });
  t.is(error?.exitCode, EXIT_CODE.unavailable);
  t.regex(String(error?.message), /no embedded PostgreSQL for sunos-sparc.*DATABASE_URL/);
});

test('the server of an ordinary user takes the binaries where they are', async (t) => {
  const packaged = findBinaries();
  t.is(await usableBinaries(packaged, undefined, '/nowhere'), packaged);
});

test('binaries below a directory that the account may not enter are copied once, readable for it, and work', async (t) => {
  const closed = dirname(await databaseDirectory(t));
  const open = join(dirname(await databaseDirectory(t)), 'database');
  await chmod(dirname(open), 0o711);
  await mkdir(open);
  const packaged = findBinaries();
  const source = { ...packaged, root: join(closed, 'native') };
  await cp(packaged.root, source.root, { recursive: true, verbatimSymlinks: true });
  await chmod(join(source.root, 'lib'), 0o700);
  t.is(firstBarrier(join(source.root, 'bin', 'postgres'), ACCOUNT), closed);

  const copied = await usableBinaries(source, ACCOUNT, open);
  t.is(dirname(copied.root), open);
  t.is(firstBarrier(join(copied.root, 'lib', 'postgresql'), ACCOUNT), undefined);
  const { stdout } = await promisify(execFile)(join(copied.root, 'bin', 'postgres'), ['--version']);
  t.regex(stdout, new RegExp(`PostgreSQL\\) ${packaged.majorVersion}\\.`));

  const { mtimeMs } = await stat(copied.root);
  t.is((await usableBinaries(source, ACCOUNT, open)).root, copied.root);
  t.is((await stat(copied.root)).mtimeMs, mtimeMs);
  t.deepEqual(await readdir(open), [`postgres-${packaged.version}`]);
});

test('the topmost closed directory is the one that is named', async (t) => {
  const parent = dirname(await databaseDirectory(t));
  await mkdir(join(parent, 'inner'), { mode: 0o700 });
  t.is(firstBarrier(join(parent, 'inner'), ACCOUNT), parent);
  await chmod(parent, 0o711);
  t.is(firstBarrier(join(parent, 'inner'), ACCOUNT), join(parent, 'inner'));
  await chmod(join(parent, 'inner'), 0o711);
  t.is(firstBarrier(join(parent, 'inner'), ACCOUNT), undefined);
  t.is(firstBarrier(join(parent, 'inner'), undefined), undefined);
});
