import test from 'ava';
import { checkExpectations, type Evidence, mostAtOnce } from '../../src/demo/expectations.ts';
import { at, failedThenRan, goodEvidence, outcome, ran } from './support/outcomes.ts';

const failing = (evidence: Evidence) => checkExpectations(evidence).filter(({ holds }) => !holds);

test('when everything is as it should be, every expectation holds', (t) => {
  t.deepEqual(failing(goodEvidence()), []);
});

const good = goodEvidence();
const { outcomes, after } = good;
const withOutcomes = (changed: Partial<Evidence['outcomes']>): Evidence => ({
  ...good,
  outcomes: { ...outcomes, ...changed },
});
const failure = {
  code: 'no_progress',
  message: 'Nothing moved.',
  transient: true,
  meaning: 'Stuck.',
  advice: 'Retry it.',
};
const retried = { files: ['docs/api.md'], commit: 'c4', attempts: 2, retries: 1 };

const wrong: Record<string, [Evidence, RegExp]> = {
  'a session failed': [
    withOutcomes({
      planning: { ...outcome('planning', { status: 'failed', failure, commit: 'c1' }), diff: outcomes.planning.diff },
    }),
    /completed; it is failed \(no_progress: Nothing moved\.\)/,
  ],
  'a plan is missing': [
    withOutcomes({ planning: outcome('planning', { files: ['plan.md'], commit: 'c1' }) }),
    /docs\/plan\.md; it holds plan\.md/,
  ],
  'a diff is empty': [
    withOutcomes({ integration: outcome('integration', { commit: 'c3' }) }),
    /src\/words\.js and test\/words\.test\.js; it is empty/,
  ],
  'a test was written and never run': [
    withOutcomes({ execution: { ...outcomes.execution, history: ran(1, 9, ['write']) } }),
    /ran its test, which passed; its tools were write/,
  ],
  'a test failed': [
    withOutcomes({
      execution: {
        ...outcomes.execution,
        session: outcome('execution', { commit: 'c2', text: '3 passed, 1 failed' }).session,
      },
    }),
    /it reported: 3 passed, 1 failed/,
  ],
  'a review changed a file': [
    withOutcomes({ review: outcome('review', { files: ['src/words.js'] }) }),
    /changed nothing and reported; 1 changed files/,
  ],
  'a review said nothing': [withOutcomes({ review: outcome('review', { text: ' ' }) }), /a report of 0 characters/],
  'nothing failed': [
    withOutcomes({ retried: outcome('retried', { files: ['docs/api.md'], commit: 'c4' }) }),
    /failed once.*; 0 failed attempts, 0 retries, attempt 1/,
  ],
  'a failure that does not pass by itself': [
    withOutcomes({
      retried: outcome('retried', { ...retried, history: failedThenRan({ transient: false, retryAt: at(5) }) }),
    }),
    /failed once/,
  ],
  'a retry by hand': [
    withOutcomes({
      retried: outcome('retried', { ...retried, history: failedThenRan({ transient: true, retryAt: null }) }),
    }),
    /failed once/,
  ],
  'a commit that git does not have': [
    withOutcomes({ planning: outcome('planning', { files: ['docs/plan.md'], commit: 'c9' }) }),
    /names c9 and git has c1/,
  ],
  'one session after the other': [
    withOutcomes({
      review: { ...outcomes.review, history: ran(20, 21) },
      planning: { ...outcomes.planning, history: ran(30, 31) },
    }),
    /3 sessions were at work .*; at least 4/,
  ],
  'a commit in the checkout': [{ ...good, after: { ...after, head: 'c5' } }, /HEAD moved from base to c5/],
  'another branch': [{ ...good, after: { ...after, branch: 'oio/planning' } }, /the branch is oio\/planning/],
  'a file in the checkout': [{ ...good, after: { ...after, status: '?? left.txt' } }, /git status says \?\? left\.txt/],
  'a branch of the user': [
    { ...good, after: { ...after, branches: { ...after.branches, work: 'c1' } } },
    /main at base, work at c1/,
  ],
};

for (const [what, [evidence, told]] of Object.entries(wrong)) {
  test(`${what}: exactly one expectation fails, and says what was seen`, (t) => {
    const failed = failing(evidence);
    t.is(failed.length, 1, JSON.stringify(failed));
    t.regex(`${failed[0]?.what}; ${failed[0]?.saw}`, told);
  });
}

test('a real model may word its report as it likes, and need not fail first', (t) => {
  const execution = {
    ...outcomes.execution,
    session: outcome('execution', { commit: 'c2', text: 'All green.' }).session,
  };
  const once = outcome('retried', { files: ['docs/api.md'], commit: 'c4' });
  t.deepEqual(failing({ ...withOutcomes({ execution, retried: once }), isScripted: false }), []);
});

const overlaps: Record<string, [ReturnType<typeof ran>[], number]> = {
  'none at all': [[], 0],
  'one after the other': [[ran(1, 2), ran(2, 3), ran(4, 5)], 1],
  'two of three': [[ran(1, 4), ran(3, 6), ran(5, 8)], 2],
  'one inside of another': [[ran(1, 9), ran(3, 4)], 2],
};

for (const [what, [histories, most]] of Object.entries(overlaps)) {
  test(`the most sessions at once: ${what}`, (t) => {
    t.is(mostAtOnce(histories), most);
  });
}
