import { join } from 'node:path';
import { EXIT_CODE, InvalidError, StartupError } from '@oio/errors';
import { parseConfig } from '@oio/runtime';
import type { Script } from '@oio/scripted-model';
import { type Client, createClient } from '@oio/sdk';
import { standaloneConfig } from '../config.ts';
import { requireGit } from '../data-directory.ts';
import { type Standalone, startStandalone } from '../start-standalone.ts';
import { collectOutcome, type Outcome } from './collect-outcomes.ts';
import { type DemoModel, openDemoModel } from './demo-model.ts';
import { checkExpectations, type Expectation } from './expectations.ts';
import { makeRepository, readCheckout } from './make-repository.ts';
import { printableLine } from './printable.ts';
import { sessionReport } from './print-diff.ts';
import { progressDisplay } from './progress-display.ts';
import { resultsTable } from './results-table.ts';
import { DEMO_SESSION_NAMES, type DemoSessionName, demoSession, REPOSITORY_NAME } from './scenario.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { stylesOf, type Terminal } from './terminal.ts';
import { type Watched, watchSessions } from './watch-sessions.ts';

export interface DemoOptions {
  /** `provider/model`; null for the scripted one. */
  readonly model: string | null;
  readonly scripts: readonly Script[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  /** Ends the demo early. */
  readonly signal: AbortSignal;
}

export interface DemoResult {
  /** How many expectations failed. */
  readonly failed: number;
  /** The last word, to be said when everything has been cleaned up. */
  readonly closing: string;
}

/**
 * Runs the demo from nothing to nothing: everything that it starts and makes is stopped and removed when it returns.
 * Throws `StartupError`, and the reason of the signal.
 */
export async function runDemo({
  model: named,
  scripts,
  environment,
  terminal,
  signal,
}: DemoOptions): Promise<DemoResult> {
  requireGit();
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryDirectory());
  const model = stack.use(await openDemoModel(named, scripts));
  terminal.write(`${model.introduction}\n\n`);
  const repository = join(path, REPOSITORY_NAME);
  const searchPath = environment['PATH'] ?? '';
  await makeRepository(repository, searchPath);
  const before = await readCheckout(repository, searchPath);
  const orchestrator = stack.use(await startOrchestrator({ path, repository, model, environment, terminal, signal }));
  signal.throwIfAborted();
  const { url, apiKey } = orchestrator;
  const client = stack.use(createClient({ url, apiKey, retryForMs: FIRST_DIRECTORY_MS }));
  const outcomes = await runSessions({ client, model, terminal, signal });
  const after = await readCheckout(repository, searchPath);
  printOutcomes(terminal, Object.values(outcomes), new Set(Object.keys(after.branches)));
  const expectations = checkExpectations({ isScripted: model.isScripted, outcomes, before, after });
  printExpectations(terminal, expectations);
  return resultOf(expectations);
}

interface Setting {
  readonly path: string;
  readonly repository: string;
  readonly model: DemoModel;
  readonly environment: DemoOptions['environment'];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** The first submission waits until OpenCode has opened its first directory, and a slow machine takes its time for that. */
const FIRST_DIRECTORY_MS = 60_000;

/** The settings are the demo's own: those that the user has in the environment, such as a database, are not for it. */
async function startOrchestrator({
  path,
  repository,
  model,
  environment,
  terminal,
  signal,
}: Setting): Promise<Standalone> {
  const config = parseConfig(standaloneConfig, {
    OIO_DATA_DIR: join(path, 'data'),
    OIO_MODEL: model.name,
    API_PORT: '0',
  });
  return startStandalone({
    // Past the parser, to which a path with a colon in it would be two.
    config: { ...config, WORKSPACE_ROOTS: [repository] },
    // The scripted model needs nobody's credentials, and OpenCode is quicker where it has none.
    environment: model.isScripted ? { PATH: environment['PATH'], XDG_DATA_HOME: path } : environment,
    currentDirectory: repository,
    ...(model.providers && { providers: model.providers }),
    onProgress(doing) {
      signal.throwIfAborted();
      terminal.write(`${doing} …\n`);
    },
  });
}

interface Run {
  readonly client: Client;
  readonly model: DemoModel;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

async function runSessions({ client, model, terminal, signal }: Run): Promise<Record<DemoSessionName, Outcome>> {
  terminal.write(`Submitting ${DEMO_SESSION_NAMES.length} sessions on a fresh git repository …\n\n`);
  const sessions = await submit(client, model, signal);
  const patience = AbortSignal.any([signal, AbortSignal.timeout(model.patienceMs)]);
  {
    using display = progressDisplay(terminal, sessions, signal);
    await watchSessions({ client, sessions, signal: patience, onMessage: (...news) => display.show(...news) });
  }
  signal.throwIfAborted();
  if (patience.aborted)
    terminal.write(`\nGiven up after ${model.patienceMs / 60_000} minutes. This is how far they came:\n`);
  const outcomes = await Promise.all(sessions.map(({ id }) => collectOutcome(client, id)));
  return Object.fromEntries(DEMO_SESSION_NAMES.map((name, at) => [name, outcomes[at]])) as Record<
    DemoSessionName,
    Outcome
  >;
}

async function submit(client: Client, { name: model }: DemoModel, signal: AbortSignal): Promise<readonly Watched[]> {
  const submitted = DEMO_SESSION_NAMES.map((name) => client.createSession(demoSession(name, model), { signal }));
  try {
    return await Promise.all(submitted);
  } catch (error) {
    const refusal = error instanceof InvalidError && error.violations.find(({ field }) => field === 'model');
    if (!refusal) throw error;
    throw new StartupError(`${refusal.message}\n${NO_SUCH_MODEL}`, EXIT_CODE.config, { cause: error });
  }
}

const NO_SUCH_MODEL = `OpenCode has only the models of providers that it has credentials for: set the provider's environment variable
(ANTHROPIC_API_KEY, OPENAI_API_KEY …), or log in with \`opencode auth login\`.`;

function printOutcomes(terminal: Terminal, outcomes: readonly Outcome[], branches: ReadonlySet<string>): void {
  const style = { columns: terminal.columns(), colourDepth: terminal.colourDepth, branches };
  terminal.write(`\n${resultsTable(outcomes, style)}\n`);
  for (const outcome of outcomes) terminal.write(`\n${sessionReport(outcome, terminal.colourDepth)}\n`);
}

function printExpectations(terminal: Terminal, expectations: readonly Expectation[]): void {
  const { bold, green, red } = stylesOf(terminal);
  const lines = expectations.map(({ what, holds, saw }) =>
    holds ? `  ${green('✔')} ${printableLine(what)}` : `  ${red('✘')} ${printableLine(`Not so: ${what}; ${saw}`)}`,
  );
  terminal.write(`\n${bold('Checked')}\n${lines.join('\n')}\n\n`);
}

function resultOf(expectations: readonly Expectation[]): DemoResult {
  const failed = expectations.filter(({ holds }) => !holds).length;
  const count = DEMO_SESSION_NAMES.length;
  const closing = failed
    ? `The demo failed: ${failed} of ${expectations.length} expectations did not come true (marked ✘ above).`
    : `${count} sessions of real OpenCode agents ran side by side, each on its own branch; everything was stopped and removed. Read on in README.md.`;
  return { failed, closing };
}
