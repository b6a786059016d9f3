import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readComposeFile, readVariables, ROOT } from './compose-file.ts';

for (const given of ['absolute', 'projects', './projects/', '~/projects', '~/my projects']) {
  test(`a directory to work in is kept in .env for every later start: ${given}`, async (t) => {
    await using home = await newHome();
    const directory = join(home.path, given.includes('my ') ? 'my projects' : 'projects');
    t.is(home.make(given === 'absolute' ? directory : given).status, 0);
    const variables = readVariables(await home.read());
    t.is(variables['WORKSPACES'], directory);
    const { services } = await readComposeFile(variables);
    t.true(services['opencode-gateway']?.volumes?.includes(`${directory}:/workspaces`));
  });
}

test('without a directory, the containers work in a volume', async (t) => {
  await using home = await newHome();
  t.is(home.make('').status, 0);
  const variables = readVariables(await home.read());
  t.is(variables['WORKSPACES'], undefined);
  const { services, volumes } = await readComposeFile(variables);
  t.true(services['opencode-gateway']?.volumes?.includes('workspaces:/workspaces'));
  t.true('workspaces' in volumes);
});

test('an .env that is there gets the directory and keeps all else, as often as it is given', async (t) => {
  await using home = await newHome();
  home.make('');
  await appendFile(home.env, 'OIO_MODEL=mine');
  const before = await home.read();
  t.regex(home.make('~/projects').stdout, /^Added WORKSPACES=/);
  const after = `${before}\nWORKSPACES=${join(home.path, 'projects')}\n`;
  t.is(await home.read(), after);
  t.is((await stat(home.env)).mode & 0o777, 0o600);
  for (const again of ['~/projects', '']) {
    const { status, stdout } = home.make(again);
    t.is(status, 0);
    t.regex(stdout, /is there already and was left as it is/);
    t.is(await home.read(), after);
  }
});

test('an .env that names another directory is not changed, which is said', async (t) => {
  await using home = await newHome();
  home.make('projects');
  const before = await home.read();
  const { status, stderr } = home.make('my projects');
  t.is(status, 1);
  t.regex(stderr, /has WORKSPACES=.*\/projects already, not .*\/my projects/);
  t.is(await home.read(), before);
});

for (const given of ['absent', 'a-file', '~somebody/projects', 'with:colon', 'with$dollar', 'with #comment']) {
  test(`what could not be mounted is refused before anything is written: ${given}`, async (t) => {
    await using home = await newHome();
    if (given.startsWith('with')) await mkdir(join(home.path, given));
    const { status, stderr } = home.make(given);
    t.is(status, 1);
    t.regex(stderr, /^WORKSPACES: .*(?:is no directory|Compose cannot be given)/);
    await t.throwsAsync(stat(home.env), { code: 'ENOENT' });
  });
}

/** A home directory with two to work in, and the script run there. */
async function newHome() {
  const path = await mkdtemp(join(tmpdir(), 'oio-make-env-'));
  for (const name of ['projects', 'my projects']) await mkdir(join(path, name));
  await writeFile(join(path, 'a-file'), '');
  const env = join(path, '.env');
  const script = join(ROOT, 'infra', 'make-env.mjs');
  return {
    path,
    env,
    read: () => readFile(env, 'utf8'),
    make: (WORKSPACES: string) =>
      spawnSync(process.execPath, [script, env], {
        cwd: path,
        env: { ...process.env, HOME: path, WORKSPACES },
        encoding: 'utf8',
      }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}
