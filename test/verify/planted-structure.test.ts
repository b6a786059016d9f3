import test, { type ExecutionContext } from 'ava';
import { checkSource, checkSources } from './check-sources.ts';
import { makeRepository, manifest } from './make-repository.ts';
import type { WorkspacePackage } from './packages.ts';
import { parseSource } from './source-file.ts';

const PACKAGES: readonly WorkspacePackage[] = [
  'services/scheduler',
  'services/metrics',
  'services/cli',
  'services/standalone',
  'shared/contracts',
].map((folder) => ({
  name: folder.replace(/^\w+/, '@oio'),
  folder,
  description: 'Planted.',
  uses: [],
  entries: [`${folder}/src/index.ts`],
}));

const refuses = test.macro({
  title: (rule = '', path: string, text: string) => `${rule} is refused: ${text} in ${path}`,
  exec(t: ExecutionContext, path: string, text: string, reason: RegExp) {
    const problems = checkSource(parseSource(path, `// why\n${text}`), PACKAGES);
    t.is(problems.length, 1, problems.join('\n'));
    t.true(problems[0]?.startsWith(`${path}:2 `) || problems[0]?.startsWith(`${path}:1 `), problems[0]);
    t.regex(problems[0] ?? '', reason);
  },
});

const accepts = test.macro({
  title: (_, path: string, text: string) => `accepted: ${text} in ${path}`,
  exec(t: ExecutionContext, path: string, text: string) {
    t.deepEqual(checkSource(parseSource(path, text), PACKAGES), []);
  },
});

const SERVICE = 'services/scheduler/src/service.ts';
const TEST = 'services/scheduler/test/order.test.ts';

test('a service in a service', refuses, SERVICE, "import { x } from '@oio/metrics';", /talk by messages/);
test('a service by import()', refuses, SERVICE, "await import('@oio/metrics');", /talk by messages/);
test('a service in a type', refuses, SERVICE, "type X = import('@oio/metrics').X;", /talk by messages/);
test('a service in a test', refuses, TEST, "import { x } from '@oio/metrics';", /talk by messages/);
test('a service in shared', refuses, 'shared/sdk/src/x.ts', "import { x } from '@oio/metrics';", /know none of them/);
test('a library in contracts', refuses, 'shared/contracts/src/x.ts', "import x from 'uuid';", /imports only zod/);
test('Node in contracts', refuses, 'shared/contracts/src/x.ts', "import 'node:fs';", /imports only zod/);
test('a library in domain', refuses, 'shared/domain/src/x.ts', "import x from 'zod';", /domain is pure/);
test('Node in domain', refuses, 'shared/domain/src/x.ts', "import 'node:crypto';", /domain is pure/);
test('a package in errors', refuses, 'shared/errors/src/x.ts', "import x from 'zod';", /imports nothing/);
for (const client of ['nats', '@nats-io/jetstream', 'ioredis', 'undici', 'pg', 'kysely', '@mikro-orm/core']) {
  test('a technology', refuses, SERVICE, `import type { X } from '${client}';`, /only adapters\//);
}
test('a database in messaging', refuses, 'shared/messaging/src/x.ts', "import 'kysely';", /only adapters\//);
for (const part of ['koa', '@koa/router', 'koa-helmet']) {
  test('Koa', refuses, 'services/metrics/src/adapters/x.ts', `import x from '${part}';`, /only in the http-gateway/);
}
test('the database in the cli', refuses, 'services/cli/src/x.ts', "import '@oio/persistence';", /through @oio\/sdk/);
test('a deep import', refuses, SERVICE, "import { x } from '@oio/errors/src/wire.ts';", /through its exports/);
test(
  'a way around',
  refuses,
  SERVICE,
  "import { x } from '../../../shared/errors/src/wire.ts';",
  /through its exports/,
);

test('process.env', refuses, SERVICE, 'export const x = process.env.HOME;', /only config.ts and main.ts/);
test('process.env', refuses, SERVICE, "export const x = process['env'];", /only config.ts and main.ts/);
test('process.env', refuses, SERVICE, 'const { env } = process;', /only config.ts and main.ts/);
test('process.env', refuses, SERVICE, "import { env } from 'node:process';", /only config.ts and main.ts/);
for (const comment of ['oxlint-disable-next-line', 'eslint-disable', 'biome-ignore format: x', '@ts-expect-error']) {
  test('a disable comment', refuses, SERVICE, `/* ${comment} */ export const x = 1;`, /not switched off by a comment/);
}
test('a re-export', refuses, SERVICE, "export * from './a.ts';", /own entry/);
test('a re-export', refuses, SERVICE, "export { a } from './a.ts';", /own entry/);
for (const name of ['utils', 'test-helpers', 'common/x', 'session-manager']) {
  test('a vague name', refuses, `services/scheduler/src/${name}.ts`, 'export const x = 1;', /say nothing/);
}
test('a sleep', refuses, TEST, 'await new Promise((done) => setTimeout(done, 50));', /does not sleep/);
test('a sleep', refuses, TEST, "import { setTimeout as sleep } from 'node:timers/promises';", /does not sleep/);
test('a sleep', refuses, TEST, 'Atomics.wait(x, 0, 0, 50);', /does not sleep/);
for (const modifier of ['skip', 'only', 'todo', 'failing', 'serial.skip', 'serial.only']) {
  test('a test left out', refuses, TEST, `test.${modifier}('x');`, /nothing is skipped silently/);
}
test('an assertion left out', refuses, TEST, 't.is.skip(1, 2);', /nothing is skipped silently/);
test('an assertion that cannot fail', refuses, TEST, "test('x', (t) => t.pass());", /asserts nothing/);

test(accepts, 'services/standalone/src/service.ts', "import { x } from '@oio/metrics';");
test(accepts, 'shared/contracts/src/x.ts', "import { z } from 'zod';\nimport { y } from './y.ts';");
test(accepts, 'shared/contracts/test/x.test.ts', "import test from 'ava';");
test(accepts, 'shared/domain/src/x.ts', "import { a } from '@oio/contracts';\nimport { setup } from 'xstate';");
test(
  accepts,
  'services/scheduler/src/adapters/x.ts',
  "import { Redis } from 'ioredis';\nimport { sql } from 'kysely';",
);
test(accepts, 'shared/persistence/src/x.ts', "import { defineEntity } from '@mikro-orm/core';");
test(accepts, 'shared/messaging/src/adapters/x.ts', "import { connect } from 'nats';");
test(accepts, 'services/http-gateway/src/app.ts', "import Koa from 'koa';\nimport Router from '@koa/router';");
test(accepts, SERVICE, "import { x } from '@oio/errors';\nimport { y } from './y.ts';");
test(accepts, 'services/scheduler/src/config.ts', 'export const load = (env = process.env) => env;');
test(accepts, 'services/scheduler/src/main.ts', 'start(process.env);');
test(accepts, 'services/scheduler/src/index.ts', "export * from './service.ts';");
test(accepts, 'services/scheduler/test/eventually.ts', 'await new Promise((done) => setTimeout(done, 50));');
test(accepts, TEST, "import { setImmediate as turn } from 'node:timers/promises';");
test(accepts, TEST, 'setTimeout(() => child.kill(), 50);');
test(accepts, SERVICE, 'setTimeout(retry, 50);');
test(accepts, TEST, "test.serial('x', (t) => t.is(x, 1));");

test('packages that need each other in a circle are reported', async (t) => {
  const root = await makeRepository(t, {
    'shared/a/package.json': manifest('@oio/a', ['@oio/b']),
    'shared/b/package.json': manifest('@oio/b', ['@oio/c']),
    'shared/c/package.json': manifest('@oio/c', ['@oio/a']),
  });
  t.deepEqual(await checkSources(root), ['packages need each other in a circle: @oio/a → @oio/b → @oio/c → @oio/a']);
});

test('packages that share a foundation are no circle', async (t) => {
  const root = await makeRepository(t, {
    'shared/a/package.json': manifest('@oio/a', ['@oio/b', '@oio/c']),
    'shared/b/package.json': manifest('@oio/b', ['@oio/c']),
    'shared/c/package.json': manifest('@oio/c'),
  });
  t.deepEqual(await checkSources(root), []);
});

test('every source file of the repository is looked at, whatever its folder', async (t) => {
  const text = "import { x } from '@oio/errors/src/wire.ts';\n";
  const paths = ['infra/x.mjs', 'services/a/src/deep/down/x.ts', 'shared/a/test/x.ts', 'test/whole/x.test.ts'];
  const root = await makeRepository(t, Object.fromEntries(paths.map((path) => [path, text])));
  const problems = await checkSources(root);
  t.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    paths,
  );
});
