import type { Approval, ApprovalAnswer, Asked, StoredSessionEvent } from '@oio/contracts';
import { InvalidError } from '@oio/errors';
import test from 'ava';
import { decide, type SessionSnapshot, toSessionView } from '../src/index.ts';
import {
  accepted,
  after,
  asked,
  at,
  command,
  completed,
  context,
  fired,
  prepared,
  question,
  submitted,
  token,
  waiting,
} from './sessions.ts';

const ASK_ALL = [{ tool: '*', pattern: '*', action: 'ask' }] as const;
const ADA = { kind: 'principal', id: 'ada' } as const;

test('what a rule asks waits for a person, with a deadline and a default, and is shown', (t) => {
  const session = waiting(attended(), asked('per_1'), at(100));
  const [approval] = session.approvals;
  t.like(approval, {
    id: 'per_1',
    status: 'pending',
    sessionId: session.id,
    tenant: 'default',
    serverId: 'server-1',
    command: 'git push',
    askedAt: at(100),
    deadline: at(160),
    default: { action: 'deny' },
  });
  t.like(toSessionView(session, at(101)), { waitingFor: 'approval', status: 'running', approvals: [approval] });
  t.true(toSessionView(session, at(101)).allowedCommands.includes('answer'));
  t.like(session.timers.approval, { fireAt: at(160) });
});

test('a request that is reported again is not recorded again', (t) => {
  const session = waiting(attended(), asked('per_1'));
  const again = command('report-approval', { token: token(session), approvalId: 'other', asked: asked('per_1') });
  t.is(decide(session, again, context(at(1))).kind, 'nothing');
});

test('an answer closes the record, says who gave it, and ends the wait', (t) => {
  const decision = answering(waiting(attended(), asked('per_1')), 'per_1', { action: 'allow' }, at(30));
  t.like(closedIn(decision.events)[0], {
    status: 'answered',
    answer: { action: 'allow' },
    answeredBy: ADA,
    closedAt: at(30),
  });
  t.is(toSessionView(decision.next, at(31)).waitingFor, null);
  t.is(decision.next.timers.approval, undefined);
});

test('a refusal always tells the agent why, so that its run goes on', (t) => {
  const session = waiting(attended(), asked('per_1'));
  const saidNothing = closedIn(answering(session, 'per_1', { action: 'deny' }).events)[0]?.answer;
  t.true(saidNothing?.action === 'deny' && (saidNothing.message?.length ?? 0) > 20);
  const said = answering(session, 'per_1', { action: 'deny', message: 'Not today.' });
  t.like(closedIn(said.events)[0]?.answer, { message: 'Not today.' });
});

for (const [what, request, given, field] of [
  ['a permission by texts', asked('r'), { action: 'answer', answers: [['yes']] }, 'action'],
  ['a question by allowing it', question('r'), { action: 'allow' }, 'action'],
  ['a question with one choice by two', question('r'), { action: 'answer', answers: [['A', 'B']] }, 'answers.0'],
  ['two questions by one answer', question('r', 2), { action: 'answer', answers: [['A']] }, 'answers'],
] as [string, Asked, ApprovalAnswer, string][]) {
  test(`${what} cannot be answered`, (t) => {
    const session = waiting(attended(), request);
    const decision = decide(session, command('answer', { approvalId: 'r', answer: given }), context(at(1)));
    if (decision.kind !== 'refused') return t.fail();
    t.true(decision.error instanceof InvalidError);
    t.is(decision.error.violations[0]?.field, field);
    t.is(session.approvals.length, 1);
  });
}

test('nobody answers twice, or what was never asked', (t) => {
  const session = waiting(attended(), asked('per_1'));
  const { next } = answering(session, 'per_1', { action: 'allow' });
  for (const approvalId of ['per_1', 'per_2']) t.is(refusal(next, approvalId), 'approval_closed');
});

test('after the deadline it is too late, also before the timer has fired', (t) => {
  const session = waiting(attended(), asked('per_1'), at(100));
  t.is(refusal(session, 'per_1', at(160)), 'approval_expired');
});

test('at the deadline the default is given, and the record says so', (t) => {
  const first = waiting(attended(), asked('per_1'), at(100));
  const both = waiting(first, question('que_2'), at(130));
  const timer = { name: 'approval', generation: both.timers.approval?.generation ?? 0 };
  // The clock of the owner is a little behind that of the scheduler.
  const { events, next } = accepted(decide(both, command('fire-timer', timer), context(at(159.9))));
  t.deepEqual(
    closedIn(events).map(({ id, status, answer, closedAt }) => [id, status, answer?.action, closedAt]),
    [['per_1', 'expired', 'deny', at(160)]],
  );
  t.is(next.timers.approval?.fireAt, at(190));
  const last = fired(next, 'approval', { now: at(190) });
  t.is(last.approvals.length, 0);
  t.is(last.timers.approval, undefined);
  t.truthy(last.timers['max-duration']);
});

test('by default a question is answered by the advice to go on', (t) => {
  const session = waiting(attended(), question('que_1', 2));
  t.like(session.approvals[0]?.default, { action: 'answer' });
  const given = session.approvals[0]?.default;
  t.is(given?.action === 'answer' && given.answers.length, 2);
});

for (const [what, end] of [
  ['is paused', (session) => after(session, 'pause', {})],
  ['is stopped', (session) => after(session, 'stop', {})],
  ['has run too long', (session) => fired(session, 'max-duration')],
  ['is complete', (session) => completed(session)],
] as [string, (session: SessionSnapshot) => SessionSnapshot][]) {
  test(`nothing waits any more of a session that ${what}`, (t) => {
    const session = waiting(waiting(attended(), asked('per_1')), asked('per_2'));
    const ended = end(session);
    t.deepEqual(ended.approvals, []);
    t.is(ended.timers.approval, undefined);
    t.is(ended.version - session.version >= 3, true, 'each is closed by an event of its own');
  });
}

test('what OpenCode no longer waits for is withdrawn', (t) => {
  const session = waiting(attended(), asked('per_1'));
  const gone = command('report-approval-gone', { token: token(session), requestId: 'per_1', detail: 'It is gone.' });
  const { events } = accepted(decide(session, gone, context(at(5))));
  t.like(closedIn(events)[0], { status: 'withdrawn', detail: 'It is gone.', answer: null });
});

test('a request of a run that is over is not recorded', (t) => {
  const session = attended();
  const late = command('report-approval', { token: '7.7', approvalId: 'x', asked: asked('per_1') });
  t.is(decide(session, late, context(at(1))).kind, 'nothing');
});

test('without a rule nobody is asked: it is recorded, and denied at once with a reason', (t) => {
  const session = prepared(submitted());
  const report = { token: token(session), approvalId: 'x', asked: asked('per_1') };
  const { events, next } = accepted(decide(session, command('report-approval', report), context(at(1))));
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.approval-requested', 'session.approval-closed'],
  );
  t.like(closedIn(events)[0], { status: 'answered', answeredBy: { kind: 'rules' }, answer: { action: 'deny' } });
  t.deepEqual(next.approvals, []);
});

test('a session has at most fifty that wait; what is asked beyond gets its default at once', (t) => {
  let session = attended();
  for (let count = 1; count <= 51; count += 1) session = waiting(session, asked(`per_${count}`));
  t.is(session.approvals.length, 50);
});

function attended(): SessionSnapshot {
  return prepared(submitted({ permissions: [...ASK_ALL], approvalSeconds: 60 }));
}

function answering(session: SessionSnapshot, approvalId: string, answer: ApprovalAnswer, now = session.updatedAt) {
  return accepted(decide(session, command('answer', { approvalId, answer }), context(now, { cause: ADA })));
}

function refusal(session: SessionSnapshot, approvalId: string, now = at(1)): string | null {
  const decision = decide(session, command('answer', { approvalId, answer: { action: 'allow' } }), context(now));
  return decision.kind === 'refused' ? decision.error.code : null;
}

function closedIn(events: readonly StoredSessionEvent[]): Approval[] {
  return events.flatMap(({ type, data }) => (type === 'session.approval-closed' ? [data.approval] : []));
}
