import type { Failure } from '@oio/contracts';
import test from 'ava';
import { decide, failureOf, type SessionSnapshot } from '../src/index.ts';
import { accepted, after, at, command, context, prepared, resume, step, submitted, token } from './sessions.ts';

test('an impaired attempt degrades its session, once, and a recovered one runs on under the same timers', (t) => {
  const running = prepared(submitted());
  const failure = failureOf('rate_limited');
  const degraded = after(running, 'report-degraded', { token: '1.1', failure });
  t.like(degraded, { status: 'degraded', failure });
  t.is(decide(degraded, command('report-degraded', { token: '1.1', failure }), context(at(10))).kind, 'nothing');
  const recovered = after(degraded, 'report-recovered', { token: '1.1' });
  t.like(recovered, { status: 'running', failure: null });
  t.deepEqual(recovered.timers, running.timers);
  t.is(token(recovered), '1.1');
  t.is(decide(recovered, command('report-recovered', { token: '1.1' }), context(at(10))).kind, 'nothing');
});

test('a provider that names another time is told again, and one that names none is not', (t) => {
  const until = (resetAt: string) => ({
    ...failureOf('rate_limited'),
    quota: { model: 'a/x', resetAt, byDefault: false },
  });
  const [first, second] = [until(at(60)), until(at(90))];
  const degraded = after(prepared(submitted()), 'report-degraded', { token: '1.1', failure: first });
  const told = (failure: Failure) =>
    decide(degraded, command('report-degraded', { token: '1.1', failure }), context(at(10)));
  t.is(told(first).kind, 'nothing');
  t.is(told(failureOf('rate_limited')).kind, 'nothing');
  t.like(after(degraded, 'report-degraded', { token: '1.1', failure: second }), {
    status: 'degraded',
    failure: second,
  });
});

/** After so many calls that succeeded, and then one step with so many errors before it. */
function withErrors(session: SessionSnapshot, calls: number, apiErrors: number): SessionSnapshot {
  let next = session;
  const steps = session.usage.apiCalls;
  for (let number = 1; number < calls; number += 1)
    next = after(next, 'report-step', { token: '1.1', step: step(`msg_${steps + number}`), resume });
  return after(next, 'report-step', { token: '1.1', step: step(`msg_${steps + calls}`, { apiErrors }), resume });
}

test('an API error rate over a tenth degrades a session, until it is well below that', (t) => {
  let session = withErrors(prepared(submitted()), 10, 1);
  t.is(session.status, 'running', '1 of 11 is within');
  session = withErrors(session, 1, 1);
  t.like(session, { status: 'degraded', failure: { code: 'api_error_rate' } });
  t.is(decide(session, command('report-recovered', { token: '1.1' }), context(at(10))).kind, 'nothing');
  session = withErrors(session, 10, 0);
  t.like(session, { status: 'degraded', usage: { apiCalls: 23, apiErrors: 2 } }, 'one more error would bring it back');
  session = withErrors(session, 2, 0);
  t.like(session, { status: 'running', failure: null, usage: { apiCalls: 25, apiErrors: 2 } });
});

test('an error among the first few calls says nothing of the rate', (t) => {
  t.is(withErrors(prepared(submitted()), 4, 5).status, 'running', '5 of 9');
  t.is(withErrors(prepared(submitted()), 5, 5).status, 'degraded', '5 of 10');
});

test('an error rate that rose while something else impaired the session counts once that is over', (t) => {
  const impaired = after(prepared(submitted()), 'report-degraded', {
    token: '1.1',
    failure: failureOf('provider_unavailable'),
  });
  const later = withErrors(impaired, 8, 2);
  t.like(later, { status: 'degraded', failure: { code: 'provider_unavailable' } });
  const { events, next } = accepted(decide(later, command('report-recovered', { token: '1.1' }), context(at(9))));
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.impairment-changed'],
  );
  t.like(next, { status: 'degraded', failure: { code: 'api_error_rate' } });
  t.regex(next.failure?.message ?? '', /^2 of 10 calls/);
});

test('a session that is impaired by something else by now stays degraded, and says by what', (t) => {
  const degraded = after(prepared(submitted()), 'report-degraded', {
    token: '1.1',
    failure: failureOf('rate_limited'),
  });
  const failure = failureOf('server_unreachable');
  const { events, next } = accepted(
    decide(degraded, command('report-degraded', { token: '1.1', failure }), context(at(9))),
  );
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.impairment-changed'],
  );
  t.like(next, { status: 'degraded', failure, statusUpdatedAt: degraded.statusUpdatedAt });
  t.is(decide(next, command('report-degraded', { token: '1.1', failure }), context(at(9))).kind, 'nothing');
});

test('a step without errors does not degrade a session for errors of the past', (t) => {
  const running = prepared(submitted());
  const before = { ...running, usage: { ...running.usage, apiCalls: 10, apiErrors: 9 } };
  t.is(after(before, 'report-step', { token: '1.1', step: step('msg_2'), resume }).status, 'running');
});
