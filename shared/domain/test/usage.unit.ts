import test from 'ava';
import { decide, toSessionView } from '../src/index.ts';
import { accepted, after, at, call, command, context, failed, prepared, resume, step, submitted } from './sessions.ts';

const took = { tokens: { input: 100, output: 50 }, costUsd: 0.01, apiCalls: 1, apiErrors: 0 };

test('what sub-agents take counts for the step’s attempt and session, and is shown apart too', (t) => {
  const stepped = after(prepared(submitted()), 'report-step', { token: '1.1', step: step('prt_1'), resume });
  const session = after(stepped, 'report-usage', {
    token: '1.1',
    calls: [call('ses_2', 'msg_2'), call('ses_3', 'msg_3')],
  });
  const { metrics, attempt } = toSessionView(session, at(9));
  const all = { costUsd: 0.021, apiCalls: 3, apiErrors: 0 };
  t.like(metrics, { ...all, tokens: { input: 210, output: 105, total: 321 } });
  t.like(attempt?.usage, { ...all, tokens: { input: 210 } });
  t.like(metrics.subAgents, { costUsd: 0.02, apiCalls: 2, tokens: { input: 200 } });
});

test('a call that is told again counts once, whoever tells it and beside whatever else', (t) => {
  const once = after(prepared(submitted()), 'report-usage', { token: '1.1', calls: [call('ses_2', 'msg_3')] });
  const again = [call('ses_2', 'msg_2'), call('ses_2', 'msg_3')];
  t.is(decide(once, command('report-usage', { token: '1.1', calls: again }), context(at(9))).kind, 'nothing');
  const more = [...again, call('ses_2', 'msg_4'), call('ses_2', 'msg_4'), call('ses_3', 'msg_1')];
  const { events, next } = accepted(
    decide(once, command('report-usage', { token: '1.1', calls: more }), context(at(9))),
  );
  t.like(events, [
    { type: 'session.usage-counted', data: { calls: [{ messageId: 'msg_4' }, { messageId: 'msg_1' }] } },
  ]);
  t.like(next.usage, { costUsd: 0.03, apiCalls: 3 });
});

test('a call that failed for good is a call of the session itself, and an error', (t) => {
  const refused = call('ses_1', 'msg_2', { costUsd: 0, apiCalls: 12, apiErrors: 12 });
  const session = after(prepared(submitted()), 'report-usage', { token: '1.1', calls: [refused] });
  t.like(session, { status: 'degraded', failure: { code: 'api_error_rate' }, usage: { apiCalls: 12, apiErrors: 12 } });
  t.is(session.usage.subAgents, null);
});

test('each attempt has an account of its own, and the session’s is the sum of them', (t) => {
  const first = after(prepared(submitted()), 'report-usage', { token: '1.1', calls: [call('ses_2', 'msg_2')] });
  const ended = after(failed(first, 'internal'), 'retry', {});
  const second = prepared(ended);
  const session = after(second, 'report-usage', { token: '2.1', calls: [call('ses_2', 'msg_5')] });
  const view = toSessionView(session, at(99));
  t.like(view.earlierAttempts, [{ number: 1, steps: 0, ...took }]);
  t.like(view.attempt, { number: 2, usage: took });
  t.is(view.metrics.costUsd, 0.02);
});

test('what an attempt took that ran alone on its server is shown; of others it is not known', (t) => {
  const running = prepared(submitted());
  t.like(toSessionView(running, at(9)).metrics, { cpuPercent: null, memoryMb: null, diskMb: null });
  const resources = { cpuPercent: 140.5, memoryMb: 900, diskMb: 12 };
  const session = after(running, 'report-resources', { token: '1.1', resources });
  t.like(toSessionView(session, at(9)).metrics, resources);
});

test('a checkpoint says what the session had taken when it was made, earlier attempts and sub-agents included', (t) => {
  const counted = after(prepared(submitted()), 'report-usage', { token: '1.1', calls: [call('ses_2', 'msg_2')] });
  const session = after(counted, 'report-step', { token: '1.1', step: step('prt_1'), resume });
  t.like(session.checkpoints.last?.resume, { costUsd: 0.011, tokens: { input: 110 } });
});
