/** What a step found: counts for the last line, and every problem as a text for the reader. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly problems: readonly string[];
}

export interface Step {
  readonly name: string;
  run(): Promise<Outcome>;
}

export type Print = (line: string) => void;

/** Runs every step in order, also after a failure, and prints `N passed, N failed` as the last line; returns the exit code. */
export async function runSteps(steps: readonly Step[], print: Print): Promise<number> {
  let passed = 0;
  let failed = 0;
  for (const [index, step] of steps.entries()) {
    print(`[${index + 1}/${steps.length}] ${step.name}`);
    const startedAt = performance.now();
    const outcome = await runStep(step);
    passed += outcome.passed;
    failed += outcome.failed;
    printOutcome(outcome, performance.now() - startedAt, print);
  }
  print(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** A step made of one check: it passes if the check finds no problem. */
export function checkStep(name: string, check: () => Promise<readonly string[]>): Step {
  return {
    name,
    async run() {
      const problems = await check();
      return problems.length === 0 ? { passed: 1, failed: 0, problems } : { passed: 0, failed: 1, problems };
    },
  };
}

/** A step that breaks has failed: a checker that cannot run must not look like one that found nothing. */
async function runStep(step: Step): Promise<Outcome> {
  try {
    return await step.run();
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { passed: 0, failed: 1, problems: [`The step itself broke: ${reason}`] };
  }
}

function printOutcome(outcome: Outcome, elapsedMs: number, print: Print): void {
  for (const problem of outcome.problems) print(problem.replaceAll(/^/gm, '    '));
  print(`  ${outcome.failed === 0 ? 'passed' : 'FAILED'} in ${(elapsedMs / 1000).toFixed(1)} s`);
}
