import test from 'ava';
import { decide, failureOf, type SessionCommand, type SessionSnapshot } from '../src/index.ts';
import {
  accepted,
  after,
  at,
  call,
  command,
  completed,
  context,
  dispatched,
  failed,
  prepared,
  resume,
  SESSION_IN,
  shownToHaveEnded,
  step,
  submitted,
  workspace,
} from './sessions.ts';

function reports(run: string): SessionCommand[] {
  const failure = failureOf('internal');
  return [
    command('report-prepared', { token: run, workspace, resume }),
    command('report-step', { token: run, step: step('msg_9'), resume }),
    command('report-usage', { token: run, calls: [call('ses_2', 'msg_9')] }),
    command('report-degraded', { token: run, failure }),
    command('report-recovered', { token: run }),
    command('report-warning', { token: run, type: 'odd', message: 'Odd.', context: {} }),
    command('report-completed', { token: run, steps: [], resume, result: null, commit: null }),
    command('report-failed', { token: run, steps: [], resume, failure }),
    command('report-closed', { token: run, proof: 'Idle.' }),
    command('report-unconfirmed', { token: run, failure }),
  ];
}

const strangers: [string, () => SessionSnapshot, string][] = [
  ['another attempt', () => prepared(submitted()), '2.1'],
  ['an older run', () => dispatched(after(SESSION_IN.paused(), 'resume', {})), '1.1'],
  ['no attempt at all', () => submitted(), '1.1'],
  [
    'an attempt that is closed',
    () => after(SESSION_IN.paused(), 'report-closed', { token: '1.1', proof: 'Idle.' }),
    '1.1',
  ],
  ['garbage', () => prepared(submitted()), '__proto__'],
  ['the attempt before a retry', () => dispatched(after(shownToHaveEnded(SESSION_IN.stopped()), 'retry', {})), '1.1'],
];
for (const [what, build, run] of strangers) {
  test(`a report of ${what} changes nothing`, (t) => {
    const snapshot = build();
    for (const report of reports(run)) t.is(decide(snapshot, report, context(at(60))).kind, 'nothing', report.name);
  });
}

test('the workspace and the OpenCode session of an attempt are remembered, with a checkpoint from which a retry can go on', (t) => {
  const running = prepared(submitted());
  t.deepEqual(running.workspace, workspace);
  t.is(running.attempt?.openCodeSessionId, 'ses_1');
  t.like(running.checkpoints, {
    count: 1,
    last: { sequence: 1, origin: 'prepared', attempt: 1, resume: { ...resume, costUsd: 0 } },
  });
});

test('a finished step counts tokens, cost and calls, and makes a checkpoint; told twice it counts once', (t) => {
  const running = prepared(submitted());
  const order = command('report-step', { token: '1.1', step: step('msg_2'), resume });
  const once = accepted(decide(running, order, context(at(10)))).next;
  const took = {
    tokens: { input: 10, output: 5, reasoning: 2, cacheRead: 3, cacheWrite: 1 },
    costUsd: 0.001,
    apiCalls: 1,
    apiErrors: 0,
  };
  t.like(once.usage, took);
  t.deepEqual(once.attempt?.usage, took);
  t.is(once.checkpoints.count, 2);
  t.like(once.attempt, { steps: 1, lastStepId: 'msg_2' });
  t.is(decide(once, order, context(at(11))).kind, 'nothing');
});

test('a last report brings the steps that no report told of, each once, and one checkpoint behind them', (t) => {
  const running = after(prepared(submitted()), 'report-step', { token: '1.1', step: step('msg_2'), resume });
  const steps = [step('msg_1'), step('msg_2'), step('msg_3'), step('msg_4')];
  const { events, next } = accepted(
    decide(
      running,
      command('report-completed', { token: '1.1', steps, resume, result: { text: 'Done.' }, commit: 'abc' }),
      context(at(10)),
    ),
  );
  t.deepEqual(
    events.map((event) => (event.type === 'session.step-finished' ? event.data.step.stepId : event.type)),
    ['msg_3', 'msg_4', 'session.checkpoint-made', 'session.completed', 'session.attempt-closed'],
  );
  t.like(next, { status: 'completed', commit: 'abc', result: { text: 'Done.' }, failure: null });
  t.is(next.attempt?.open, false);
  t.is(next.usage.apiCalls, 3);
});

test('a failure without a place to go on from still counts its steps', (t) => {
  const running = prepared(submitted());
  const next = after(running, 'report-failed', {
    token: '1.1',
    steps: [step('msg_2')],
    resume: null,
    failure: failureOf('provider_auth'),
  });
  t.is(next.usage.apiCalls, 1);
  t.is(next.checkpoints.count, running.checkpoints.count);
});

for (const [status, name] of [
  ['paused', 'pause'],
  ['stopped', 'stop'],
] as const) {
  test(`a turn that ends after the ${name} is kept and closed; the session stays ${status}`, (t) => {
    const snapshot = SESSION_IN[status]();
    for (const report of [
      command('report-completed', { token: '1.1', steps: [step('msg_2')], resume, result: null, commit: null }),
      command('report-failed', { token: '1.1', steps: [step('msg_2')], resume, failure: failureOf('turn_aborted') }),
    ]) {
      const { next } = accepted(decide(snapshot, report, context(at(60))));
      t.is(next.status, status);
      t.is(next.attempt?.open, false);
      t.is(next.usage.apiCalls, 1);
    }
  });
}

test('a late failure of the attempt before does not fail a session that is queued again', (t) => {
  const queued = after(SESSION_IN.stopped(), 'retry', {});
  t.true(queued.attempt?.open);
  const next = failed(queued, 'turn_aborted');
  t.is(next.status, 'queued');
  t.is(next.attempt?.open, false);
});

test('a run that works is not closed by a report that nobody asked for', (t) => {
  t.is(
    decide(prepared(submitted()), command('report-closed', { token: '1.1', proof: 'Idle.' }), context(at(9))).kind,
    'nothing',
  );
});

test('a failed run that may still work is open until it is shown that it does not', (t) => {
  const running = prepared(submitted());
  const { events, next, effects } = accepted(
    decide(
      running,
      command('report-failed', {
        token: '1.1',
        steps: [],
        resume: null,
        failure: failureOf('server_unreachable'),
        mayStillRun: true,
      }),
      context(at(9)),
    ),
  );
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.failed'],
  );
  t.true(next.attempt?.open);
  t.deepEqual(effects, [{ type: 'abort-attempt', serverId: 'server-1', token: '1.1' }]);
  t.false(after(next, 'report-closed', { token: '1.1', proof: 'Idle.' }).attempt?.open);
});

test('a failure is retried no sooner than the provider asks for', (t) => {
  const next = after(prepared(submitted(), at(0)), 'report-failed', {
    token: '1.1',
    steps: [],
    resume: null,
    failure: failureOf('retry_wait_too_long'),
    retryAfterMs: 3_600_000,
  });
  t.is(next.timers.retry?.fireAt, new Date(Date.parse(next.statusUpdatedAt) + 3_600_000).toISOString());
});

test('a session completes in part when children failed, in full when all succeeded', (t) => {
  t.is(
    completed(prepared(submitted()), { children: { succeeded: 0, failed: 1, unended: 0 } }).status,
    'partially_completed',
  );
  const full = completed(prepared(submitted()), { children: { succeeded: 2, failed: 0, unended: 0 } });
  t.is(full.status, 'completed');
  t.deepEqual(full.subTasks, { succeeded: 2, failed: 0 });
});

test('a transient failure is retried after a pause, any other is not', (t) => {
  const transient = failed(prepared(submitted(), at(0)), 'provider_unavailable', { now: at(100), random: 0.5 });
  t.like(transient, { status: 'failed', failure: { code: 'provider_unavailable', transient: true } });
  t.is(transient.timers.retry?.fireAt, at(102));
  t.deepEqual(failed(prepared(submitted()), 'provider_auth').timers, {});
});

test('a transient failure is not retried without a checkpoint, or when it was retried as often as allowed', (t) => {
  t.deepEqual(failed(dispatched(submitted()), 'provider_unavailable').timers, {});
  t.deepEqual(failed(prepared(submitted({}, { maxRetries: 0 })), 'provider_unavailable').timers, {});
});

test('a transient failure is retried when its own report brings the first checkpoint', (t) => {
  const failure = failureOf('provider_unavailable');
  const next = after(dispatched(submitted()), 'report-failed', {
    token: '1.1',
    steps: [step('msg_2')],
    resume,
    failure,
  });
  t.truthy(next.timers.retry);
  t.is(next.checkpoints.count, 1);
});

test('of many warnings the newest are shown and all are counted', (t) => {
  let session = prepared(submitted());
  for (let number = 1; number <= 25; number += 1) {
    session = after(session, 'report-warning', {
      token: '1.1',
      type: 'odd',
      message: `Warning ${number}.`,
      context: {},
    });
  }
  t.is(session.warningCount, 25);
  t.is(session.warnings.length, 20);
  t.is(session.warnings.at(-1)?.message, 'Warning 25.');
});
