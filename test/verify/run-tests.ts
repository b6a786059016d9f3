import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { exitOf, toolEnvironment, toolPath } from './run-command.ts';
import type { Outcome, Print } from './run-steps.ts';
import { TapReader, type TapSummary, type TapTest } from './tap.ts';

const TIME_LIMIT_MS = 23.5 * 60_000;
/** How long the tests may take to stop what they started, once they are told to end. */
const GRACE_MS = 5_000;
const PROGRESS_EVERY = 25;

export interface TestRun {
  readonly root: string;
  readonly print: Print;
  readonly timeLimitMs?: number;
  /** Further arguments for AVA. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs all tests; what is skipped, left out, unfinished or crashed counts as failed. Failures are shown as they happen, and
 * once more at the end.
 */
export async function runTests({
  root,
  print,
  timeLimitMs = TIME_LIMIT_MS,
  args = [],
  environment = {},
}: TestRun): Promise<Outcome> {
  const tally = new Tally(print);
  const reader = new TapReader((test) => tally.add(test));
  // Its own process group, so that a run that hangs can be ended together with all its workers.
  const ava = spawn(toolPath('ava'), ['--tap', ...args], {
    cwd: root,
    env: { ...toolEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = exitOf(ava);
  const limit = endAfter(ava, timeLimitMs);
  const release = endWithThisProcess(ava);
  try {
    for await (const line of createInterface({ input: ava.stdout })) reader.read(line);
    const exitCode = await exited;
    return tally.conclude(reader.end(), { exitCode, ranOutOfTime: limit.ranOut() });
  } finally {
    limit.cancel();
    release();
    signalGroup(ava, 'SIGKILL');
  }
}

class Tally {
  readonly #print: Print;
  #passed = 0;
  #failed = 0;
  #lastTitle = 'none';
  readonly #failures: string[] = [];

  constructor(print: Print) {
    this.#print = print;
  }

  add(test: TapTest): void {
    this.#lastTitle = test.title;
    if (test.result === 'passed') this.#passed += 1;
    else this.#failed += 1;
    if (test.result === 'failed') this.#fail(test.title, test.details);
    if (test.result === 'skipped') this.#fail(test.title, 'was skipped; a test that does not run is a failure');
    const seen = this.#passed + this.#failed;
    if (seen % PROGRESS_EVERY === 0) this.#print(`  … ${seen} tests, ${this.#failed} failed`);
  }

  #fail(title: string, details: string): void {
    const failure = `  ✗ ${title}\n${details.replaceAll(/^/gm, '      ')}`;
    this.#failures.push(failure);
    this.#print(failure);
  }

  conclude(summary: TapSummary | undefined, end: { exitCode: number; ranOutOfTime: boolean }): Outcome {
    const problems: string[] = [];
    // AVA counts tests that never got to report (a crashed file, a time-out) only in its closing line.
    const unreported = Math.max(0, (summary?.failed ?? 0) - this.#failed);
    if (unreported > 0)
      problems.push(`${unreported} tests never finished; the lines above say which file ended early.`);
    if (end.ranOutOfTime)
      problems.push(`The tests took too long and were ended; the last to finish: ${this.#lastTitle}.`);
    else if (summary === undefined) problems.push('AVA ended before it had run all tests.');
    else if (this.#passed + this.#failed === 0) problems.push('No test ran.');
    const failed = this.#failed + unreported;
    if (failed + problems.length === 0 && end.exitCode !== 0) problems.push(didNotExit(end.exitCode));
    this.#printFailures();
    this.#print(`  ${this.#passed} tests passed, ${failed} failed`);
    return { passed: this.#passed, failed: Math.max(failed, problems.length > 0 ? 1 : 0), problems };
  }

  /** Whoever sees only the end of a long output must see them, too. */
  #printFailures(): void {
    if (this.#failures.length > 0) this.#print(`\n  What failed:\n${this.#failures.join('\n')}`);
  }
}

function didNotExit(exitCode: number): string {
  return `AVA ended with exit code ${exitCode} although no test failed: as a rule a test file left something open. Run ava to see which.`;
}

/** Ends the whole group when the time is up: first politely, then for good. */
function endAfter(ava: ChildProcess, limitMs: number): { cancel(): void; ranOut(): boolean } {
  const timeUp = AbortSignal.timeout(limitMs);
  const graceOver = AbortSignal.timeout(limitMs + GRACE_MS);
  const end = (): void => signalGroup(ava, 'SIGTERM');
  const kill = (): void => signalGroup(ava, 'SIGKILL');
  timeUp.addEventListener('abort', end);
  graceOver.addEventListener('abort', kill);
  return {
    cancel() {
      timeUp.removeEventListener('abort', end);
      graceOver.removeEventListener('abort', kill);
    },
    ranOut: () => timeUp.aborted,
  };
}

/** Ctrl-C and a stop from outside reach the tests too, although they are a process group of their own. */
function endWithThisProcess(ava: ChildProcess): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const pass = (signal: NodeJS.Signals): void => signalGroup(ava, signal);
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

function signalGroup(ava: ChildProcess, signal: NodeJS.Signals): void {
  if (ava.pid === undefined) return;
  try {
    process.kill(-ava.pid, signal);
  } catch {
    // The group is gone already: nothing left to end.
  }
}
