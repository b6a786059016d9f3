import test from 'ava';
import { executionMetrics, failureOf, type SessionSnapshot } from '../src/index.ts';
import { after, at, completed, dispatched, failed, prepared, resume, SESSION_IN, step, submitted } from './sessions.ts';

test('durations are counted to now while they last, and stand when the session has ended', (t) => {
  const queued = submitted();
  t.like(executionMetrics(queued, at(7)), { queuedSeconds: 7, executingSeconds: 0, totalSeconds: 7 });
  const running = prepared(queued, at(10));
  t.like(executionMetrics(running, at(25.5)), { queuedSeconds: 10, executingSeconds: 15.5, totalSeconds: 25.5 });
  const ended = completed(running, { now: at(40) });
  t.like(executionMetrics(ended, at(9_999)), {
    queuedSeconds: 10,
    executingSeconds: 30,
    totalSeconds: 40,
    createdAt: at(0),
    queuedAt: at(0),
    startedAt: at(10),
    completedAt: at(40),
    failedAt: null,
    lastCheckpointAt: at(10),
  });
});

test('a pause is neither queued nor executing, the wait for its slot afterwards is queued', (t) => {
  const paused = after(prepared(submitted(), at(10)), 'pause', {}, { now: at(30) });
  t.like(executionMetrics(paused, at(100)), { queuedSeconds: 10, executingSeconds: 20 });
  const waiting = after(paused, 'resume', {}, { now: at(100) });
  t.like(executionMetrics(waiting, at(105)), { queuedSeconds: 15, executingSeconds: 20, totalSeconds: 105 });
  const resumed = dispatched(waiting, at(106));
  t.like(executionMetrics(resumed, at(110)), { queuedSeconds: 16, executingSeconds: 24 });
});

test('no duration is negative when the clock was set back', (t) => {
  const running = prepared(submitted(), at(-50));
  const stopped = after(running, 'stop', {}, { now: at(-90) });
  for (const snapshot of [submitted(), running, stopped]) {
    const { queuedSeconds, executingSeconds, totalSeconds } = executionMetrics(snapshot, at(-100));
    t.deepEqual([queuedSeconds, executingSeconds, totalSeconds], [0, 0, 0]);
  }
});

test('tokens are summed in total, and money does not gather dust', (t) => {
  let session = prepared(submitted());
  for (let call = 1; call <= 30; call += 1)
    session = after(session, 'report-step', { token: '1.1', step: step(`msg_${call}`, { costUsd: 0.1 }), resume });
  t.like(executionMetrics(session, at(9)), {
    tokens: { input: 300, output: 150, reasoning: 60, cacheRead: 90, cacheWrite: 30, total: 630 },
    costUsd: 3,
    apiCalls: 30,
    apiErrors: 0,
    apiErrorRate: 0,
    checkpointCount: 31,
  });
});

test('what cannot be measured is null, not zero', (t) => {
  const metrics = executionMetrics(SESSION_IN.running(), at(9));
  for (const name of [
    'cpuPercent',
    'memoryMb',
    'diskMb',
    'networkBytesSent',
    'networkBytesReceived',
    'confidence',
    'codeQuality',
    'successRate',
  ] as const) {
    t.is(metrics[name], null, name);
  }
});

test('the success rate is the share of sub-tasks that succeeded, also after all of them have', (t) => {
  const partial = completed(prepared(submitted()), { children: { succeeded: 3, failed: 1, unended: 0 } });
  t.is(executionMetrics(partial, at(9)).successRate, 0.75);
  const full = completed(prepared(after(partial, 'retry', {})), { children: { succeeded: 4, failed: 0, unended: 0 } });
  t.is(executionMetrics(full, at(9)).successRate, 1);
});

test('the error says of which kind it is, in which words and in which context', (t) => {
  t.is(executionMetrics(SESSION_IN.completed(), at(9)).error, null);
  t.deepEqual(executionMetrics(failed(prepared(submitted()), 'provider_auth'), at(9)).error, {
    type: 'provider_auth',
    message: 'The model provider refused the credentials.',
    context: {},
  });
  const running = prepared(submitted());
  const failure = failureOf('server_error', 'Out of memory.', { exitCode: 137 });
  const ended = after(running, 'report-failed', { token: '1.1', steps: [], resume: null, failure });
  t.deepEqual(executionMetrics(ended, at(9)).error, {
    type: 'server_error',
    message: 'Out of memory.',
    context: { exitCode: 137 },
  });
});

const running = SESSION_IN.running();
const healths: [string, Partial<SessionSnapshot>, boolean][] = [
  ['without any call', {}, true],
  ['with one error in ten calls', { usage: { ...running.usage, apiCalls: 10, apiErrors: 1 } }, true],
  ['with more than one error in ten calls', { usage: { ...running.usage, apiCalls: 99, apiErrors: 10 } }, false],
  ['after five retries', { retries: 5 }, true],
  ['after six retries', { retries: 6 }, false],
  ['with ten warnings', { warningCount: 10 }, true],
  ['with eleven warnings', { warningCount: 11 }, false],
];
for (const [when, change, healthy] of healths) {
  test(`a session ${when} is ${healthy ? '' : 'not '}healthy`, (t) => {
    t.is(executionMetrics({ ...running, ...change }, at(9)).healthy, healthy);
  });
}
