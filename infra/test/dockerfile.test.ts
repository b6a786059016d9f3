import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from './compose-file.ts';

const read = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8');

test('the image starts from a pinned Node of the version that the project brings along', async (t) => {
  const [, version = ''] = /^FROM node:(\d+\.\d+\.\d+)-bookworm-slim$/m.exec(await read('infra/Dockerfile')) ?? [];
  const { devDependencies } = JSON.parse(await read('package.json')) as { devDependencies: { node: string } };
  t.is(version, devDependencies.node);
});

test('everything that is copied or run exists', async (t) => {
  const dockerfile = await read('infra/Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  t.true(copied.length > 3);
  for (const path of copied) t.true(existsSync(join(ROOT, path)), path);
  const named = [...dockerfile.matchAll(/"(infra\/[^"]+)"/g)].map(([, path = '']) => path);
  t.deepEqual(named, ['infra/healthcheck.mjs']);
  for (const path of named) t.true(existsSync(join(ROOT, path)), path);
});

test('the dependencies are those of the lockfile, installed by the same pnpm as everywhere', async (t) => {
  const dockerfile = await read('infra/Dockerfile');
  const [, pnpm] = /PNPM = '(pnpm@[\d.]+)'/.exec(await read('infra/run.mjs')) ?? [];
  const used = [...dockerfile.matchAll(/npx --yes (\S+) (\S+)/g)];
  t.deepEqual(
    used.map(([, tool, command]) => [tool, command]),
    [
      [pnpm, 'fetch'],
      [pnpm, 'install'],
    ],
  );
  t.regex(dockerfile, /install --prod --offline --frozen-lockfile/);
});

test('the services do not run as root', async (t) => {
  const users = [...(await read('infra/Dockerfile')).matchAll(/^USER (\S+)$/gm)].map(([, user]) => user);
  t.is(users.at(-1), 'node');
});

test('neither secrets nor what the host has installed get into the image', async (t) => {
  const ignored = (await read('.dockerignore')).split('\n');
  for (const path of ['.env', '.git', '**/node_modules']) t.true(ignored.includes(path), path);
});
