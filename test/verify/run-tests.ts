import { filesOf } from './files-of-tests.ts';
import { type AvaEnd, runAva } from './run-ava.ts';
import type { Outcome, Print } from './run-steps.ts';
import type { TapTest } from './tap.ts';

/** Against a run that hangs. A run takes 15 minutes, and 25 where the machine is three times slower. */
const TIME_LIMIT_MS = 40 * 60_000;
const PROGRESS_EVERY = 25;
/** More of them than this do not fail by chance. */
const SECOND_ATTEMPTS = 5;
/** What looks for faults that come and go by chance has found one when it fails. */
const BY_CHANCE = /^test › (chaos|proofs) › |^services › scheduler › test › model › | › random-input › /;

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
 *
 * The files of a few tests that failed are run once more, alone: a test that passes then had too little of a busy machine,
 * or found a fault that comes and goes. It counts as passed and is named with its reason
 * (docs/decisions/0034-a-test-that-failed-runs-once-more-alone.md).
 */
export async function runTests(run: TestRun): Promise<Outcome> {
  const { timeLimitMs = TIME_LIMIT_MS, print } = run;
  const endsAt = performance.now() + timeLimitMs;
  const first = new Tally(print);
  first.end(await attempt(run, first, timeLimitMs));
  const files = first.canBeTriedAgain ? await filesOf(run.root, first.failedTitles) : [];
  if (files.length === 0) return first.conclude();
  print(`\n  ${first.failedTitles.length} failed; once more, alone: ${files.join(', ')}`);
  const second = new Tally(print);
  second.end(await attempt(run, second, Math.max(1, Math.round(endsAt - performance.now())), files));
  return second.hasPassed ? first.concludeUnsteady() : first.conclude();
}

function attempt(run: TestRun, tally: Tally, timeLimitMs: number, files: readonly string[] = []): Promise<AvaEnd> {
  const { root, args = [], environment = {} } = run;
  const alone = files.length === 0 ? [] : ['--concurrency=1', ...files];
  return runAva({
    root,
    timeLimitMs,
    args: [...args, ...alone],
    environment,
    onTest: (test) => tally.add(test),
  });
}

class Tally {
  readonly #print: Print;
  #passed = 0;
  #failed = 0;
  #lastTitle = 'none';
  readonly #failures: string[] = [];
  readonly failedTitles: string[] = [];
  #problems: readonly string[] = [];

  constructor(print: Print) {
    this.#print = print;
  }

  get hasPassed(): boolean {
    return this.#failed + this.#problems.length === 0 && this.#passed > 0;
  }

  /** Whether a few tests failed, and nothing else went wrong. */
  get canBeTriedAgain(): boolean {
    const failed = this.failedTitles.length;
    const isSure = this.#problems.length > 0 || failed < this.#failed || this.failedTitles.some(isByChance);
    return !isSure && failed > 0 && failed <= SECOND_ATTEMPTS;
  }

  add(test: TapTest): void {
    this.#lastTitle = test.title;
    if (test.result === 'passed') this.#passed += 1;
    else this.#failed += 1;
    if (test.result === 'failed') {
      this.failedTitles.push(test.title);
      this.#fail(test.title, test.details);
    }
    if (test.result === 'skipped') this.#fail(test.title, 'was skipped; a test that does not run is a failure');
    const seen = this.#passed + this.#failed;
    if (seen % PROGRESS_EVERY === 0) this.#print(`  … ${seen} tests, ${this.#failed} failed`);
  }

  #fail(title: string, details: string): void {
    const failure = `  ✗ ${title}\n${details.replaceAll(/^/gm, '      ')}`;
    this.#failures.push(failure);
    this.#print(failure);
  }

  end({ exitCode, ranOutOfTime, summary }: AvaEnd): void {
    const problems: string[] = [];
    // AVA counts tests that never got to report (a crashed file, a time-out) only in its closing line.
    const unreported = Math.max(0, (summary?.failed ?? 0) - this.#failed);
    if (unreported > 0)
      problems.push(`${unreported} tests never finished; the lines above say which file ended early.`);
    if (ranOutOfTime) problems.push(`The tests took too long and were ended; the last to finish: ${this.#lastTitle}.`);
    else if (summary === undefined) problems.push('AVA ended before it had run all tests.');
    else if (this.#passed + this.#failed === 0) problems.push('No test ran.');
    this.#failed += unreported;
    if (this.#failed + problems.length === 0 && exitCode !== 0) problems.push(didNotExit(exitCode));
    this.#problems = problems;
  }

  conclude(): Outcome {
    // Whoever sees only the end of a long output must see them, too.
    this.#printFailures('What failed');
    this.#print(`  ${this.#passed} tests passed, ${this.#failed} failed`);
    const failed = Math.max(this.#failed, this.#problems.length > 0 ? 1 : 0);
    return { passed: this.#passed, failed, problems: this.#problems };
  }

  concludeUnsteady(): Outcome {
    this.#printFailures('Passed only at the second attempt, alone; at the first');
    const passed = this.#passed + this.#failed;
    this.#print(`  ${passed} tests passed, ${this.#failed} of them only at the second attempt`);
    return { passed, failed: 0, problems: [] };
  }

  #printFailures(heading: string): void {
    if (this.#failures.length > 0) this.#print(`\n  ${heading}:\n${this.#failures.join('\n')}`);
  }
}

function isByChance(title: string): boolean {
  return BY_CHANCE.test(title);
}

function didNotExit(exitCode: number): string {
  return `AVA ended with exit code ${exitCode} although no test failed: as a rule a test file left something open. Run ava to see which.`;
}
