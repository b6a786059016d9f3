import { requireBinary } from '@oio/backing-servers';
import { StartupError } from '@oio/errors';
import { ownServer, TEST_SERVER_VARIABLE } from '@oio/persistence/testing';
import { checkSources } from './check-sources.ts';
import { checkDocuments, DOCUMENTS } from './documents.ts';
import { checkLinks, checkReadmes } from './markdown-rules.ts';
import { runCommand } from './run-command.ts';
import { checkStep, type Outcome, type Print, type Step } from './run-steps.ts';
import { runTests } from './run-tests.ts';
import { checkTopLevel } from './top-level.ts';

/** Everything that must hold before a change is good, cheapest first. */
export function stepsFor(root: string, print: Print): Step[] {
  return [
    checkStep('format', () => checkFormat(root)),
    checkStep('lint', async () => [...(await checkLint(root)), ...(await checkSources(root))]),
    checkStep('types', () => checkTypes(root)),
    checkStep('dead code', () => checkDeadCode(root)),
    checkStep('documents', async () => [
      ...(await checkDocuments(root, DOCUMENTS)),
      ...(await checkReadmes(root)),
      ...(await checkLinks(root)),
      ...(await checkTopLevel(root)),
    ]),
    { name: 'tests', run: () => testsOnOneServer(root, print) },
  ];
}

/** One PostgreSQL for the whole run; every test file makes databases of its own on it, and starts its own NATS and Redis. */
async function testsOnOneServer(root: string, print: Print): Promise<Outcome> {
  try {
    for (const binary of ['nats-server', 'redis-server'] as const) await requireBinary(binary);
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { passed: 0, failed: 1, problems: [error.message] };
  }
  await using stack = new AsyncDisposableStack();
  const environment = { [TEST_SERVER_VARIABLE]: process.env[TEST_SERVER_VARIABLE] ?? (await ownServer(stack)) };
  return await runTests({ root, print, environment, args: ['--config', 'infra/ava.config.mjs'] });
}

export function checkFormat(root: string): Promise<string[]> {
  return silence(root, 'biome', ['format', '--colors=off', '--max-diagnostics=100', '.']);
}

export function checkLint(root: string): Promise<string[]> {
  return silence(root, 'oxlint', ['--format=unix']);
}

export function checkTypes(root: string): Promise<string[]> {
  return silence(root, 'tsc', ['-p', 'tsconfig.base.json', '--pretty', 'false']);
}

export function checkDeadCode(root: string): Promise<string[]> {
  return silence(root, 'knip', ['--no-progress', '--no-config-hints']);
}

/** A tool that ends well has nothing to say; else all it said is the problem. */
async function silence(root: string, tool: string, args: readonly string[]): Promise<string[]> {
  const { exitCode, output } = await runCommand(root, tool, args);
  return exitCode === 0 ? [] : [output === '' ? `${tool} ended with exit code ${exitCode}` : output];
}
