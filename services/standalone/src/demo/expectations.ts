import type { StoredSessionEvent } from '@oio/contracts';
import type { Outcome } from './collect-outcomes.ts';
import type { Checkout } from './make-repository.ts';
import { textOf } from './progress.ts';
import type { DemoSessionName } from './scenario.ts';

/** Everything that the demo has seen. */
export interface Evidence {
  readonly isScripted: boolean;
  readonly outcomes: Readonly<Record<DemoSessionName, Outcome>>;
  readonly before: Checkout;
  readonly after: Checkout;
}

/** One thing that the demo promises, whether it came true, and what was seen instead if it did not. */
export interface Expectation {
  readonly what: string;
  readonly holds: boolean;
  readonly saw: string;
}

/** What must be true at the end. A real model is free in how it gets there, so less is asked of its way. */
export function checkExpectations(evidence: Evidence): readonly Expectation[] {
  const { outcomes, isScripted } = evidence;
  return [
    ...Object.values(outcomes).map(completed),
    sideBySide(Object.values(outcomes)),
    changes(outcomes.planning, ['docs/plan.md']),
    changes(outcomes.execution, ['src/slug.js', 'test/slug.test.js']),
    ranTests(outcomes.execution, isScripted),
    changes(outcomes.integration, ['src/words.js', 'test/words.test.js']),
    onlyReported(outcomes.review),
    ...(isScripted ? [failedOnce(outcomes.retried)] : []),
    changes(outcomes.retried, ['docs/api.md']),
    ...committed(Object.values(outcomes), evidence.after),
    untouched(evidence),
  ];
}

function completed({ session: { title, status, failure } }: Outcome): Expectation {
  const why = failure ? ` (${failure.code}: ${failure.message})` : '';
  return { what: `“${title}” is completed`, holds: status === 'completed', saw: `it is ${status}${why}` };
}

/** Most of the sessions were at work at the same moment. */
function sideBySide(outcomes: readonly Outcome[]): Expectation {
  const most = mostAtOnce(outcomes.map(({ history }) => history));
  const wanted = outcomes.length - 1;
  return {
    what: `${most} sessions were at work at the same moment`,
    holds: most >= wanted,
    saw: `at least ${wanted} were expected`,
  };
}

/** The greatest number of histories that are `running` at one instant. */
export function mostAtOnce(histories: readonly (readonly StoredSessionEvent[])[]): number {
  const changesOf = (history: readonly StoredSessionEvent[]) =>
    history.flatMap(({ at, data }) => {
      if (!('to' in data)) return [];
      const by = Number(data.to === 'running') - Number(data.from === 'running');
      return by === 0 ? [] : [{ at: Date.parse(at), by }];
    });
  const steps = histories.flatMap(changesOf).toSorted((a, b) => a.at - b.at || a.by - b.by);
  let [now, most] = [0, 0];
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

function changes({ session: { title }, diff }: Outcome, paths: readonly string[]): Expectation {
  const found = diff?.files.map(({ path }) => path) ?? [];
  return {
    what: `the diff of “${title}” holds ${paths.join(' and ')}`,
    holds: paths.every((path) => found.includes(path)),
    saw: found.length > 0 ? `it holds ${found.join(', ')}` : 'it is empty',
  };
}

/** The script reports what its test run really said; a real model says it in its own words, so there only the tool counts. */
function ranTests({ session: { title, metrics }, history }: Outcome, isScripted: boolean): Expectation {
  const tools = history.flatMap((event) => (event.type === 'session.step-finished' ? event.data.step.tools : []));
  const report = textOf(metrics.result);
  const passed = !isScripted || /\b[1-9]\d* passed, none failed\b/.test(report);
  return {
    what: `“${title}” ran its test${isScripted ? ', which passed' : ''}`,
    holds: tools.includes('bash') && passed,
    saw: `its tools were ${tools.join(', ') || 'none'}; it reported: ${report || 'nothing'}`,
  };
}

function onlyReported({ session: { title, metrics, commit }, diff }: Outcome): Expectation {
  const files = diff?.files.length ?? 0;
  const report = textOf(metrics.result).trim();
  return {
    what: `“${title}” changed nothing and reported`,
    holds: files === 0 && commit === null && report !== '',
    saw: `${files} changed files, commit ${commit ?? 'none'}, a report of ${report.length} characters`,
  };
}

function failedOnce({ session: { title, metrics, attempt }, history }: Outcome): Expectation {
  const failures = history.filter((event) => event.type === 'session.failed');
  const [failure] = failures;
  const reason = failure ? `, because the provider failed (${failure.data.failure.code})` : '';
  return {
    what: `“${title}” failed once${reason} and was retried by itself`,
    holds:
      failures.length === 1 &&
      failure?.data.failure.transient === true &&
      failure.data.retryAt !== null &&
      metrics.retries === 1 &&
      attempt?.number === 2,
    saw: `${failures.length} failed attempts, ${metrics.retries} retries, attempt ${attempt?.number ?? 0}`,
  };
}

/** What the API calls the commit of a session is what git has on its branch. */
function committed(outcomes: readonly Outcome[], { branches }: Checkout): Expectation[] {
  const wrong = outcomes.flatMap(({ session: { title, commit, workspaceInUse } }) => {
    const tip = branches[workspaceInUse?.branch ?? ''] ?? null;
    return commit === tip ? [] : [`“${title}” names ${commit ?? 'none'} and git has ${tip ?? 'none'}`];
  });
  return [
    { what: 'each result is committed on a branch of its own', holds: wrong.length === 0, saw: wrong.join('; ') },
  ];
}

function untouched({ before, after }: Evidence): Expectation {
  const differences = [
    before.head !== after.head && `HEAD moved from ${before.head} to ${after.head}`,
    before.branch !== after.branch && `the branch is ${after.branch}`,
    before.status !== after.status && `git status says ${after.status}`,
    own(before) !== own(after) && `the branches are ${own(after)}`,
  ].filter((difference) => difference !== false);
  return {
    what: 'the checkout of the user was not touched',
    holds: differences.length === 0,
    saw: differences.join('; '),
  };
}

function own({ branches }: Checkout): string {
  const names = Object.keys(branches).filter((name) => !name.startsWith('oio/'));
  return names
    .map((name) => `${name} at ${branches[name]}`)
    .toSorted()
    .join(', ');
}
