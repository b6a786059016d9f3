import test from 'ava';
import { MOST_WAITING_PROMPTS } from '@oio/contracts';
import { allowedCommands, decide, failureOf, type SessionSnapshot, toldUpTo, toSessionView } from '../src/index.ts';
import {
  accepted,
  after,
  asked,
  at,
  command,
  completed,
  context,
  dispatched,
  failed,
  fired,
  prepared,
  resume,
  SESSION_IN,
  shownToHaveEnded,
  step,
  submitted,
  token,
  waiting,
} from './sessions.ts';

/** With further prompts, whose ids are their texts. */
function prompted(snapshot: SessionSnapshot, ...prompts: string[]): SessionSnapshot {
  return prompts.reduce((next, prompt) => after(next, 'prompt', { prompt }, { commandId: prompt }), snapshot);
}

/** The turn ends well, and the next one is under the given message id. */
function ends(snapshot: SessionSnapshot, messageId = 'msg_next') {
  const result = { text: 'Done.' };
  const order = command('report-completed', { token: token(snapshot), steps: [], resume, result, commit: 'c0ffee' });
  return accepted(decide(snapshot, order, context(snapshot.updatedAt, { messageId })));
}

function statesOf({ prompts = [] }: SessionSnapshot): Record<string, string> {
  return Object.fromEntries(
    prompts.map(({ id, state, failure }) => [id, failure ? `${state}: ${failure.code}` : state]),
  );
}

test('a session goes on with the next prompt when a turn has ended well, in the same run of work', (t) => {
  const session = prompted(prepared(submitted()), 'two', 'three');
  const { events, next, effects } = ends(session, 'msg_two');
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.prompt-ended', 'session.prompt-started'],
  );
  t.like(events[0]?.data, { promptId: null, state: 'succeeded', commit: 'c0ffee' });
  t.deepEqual(effects, [{ type: 'execute-attempt' }]);
  t.is(next.status, 'running');
  t.like(next.attempt, { number: 2, run: 1, serverId: 'server-1', messageId: 'msg_two', promptId: 'two', open: true });
  t.is(next.workspace, session.workspace);
  t.is(next.checkpoints.last?.resume.openCodeSessionId, 'ses_1', 'in the same conversation');
  t.deepEqual(statesOf(next), { two: 'running', three: 'queued' });

  const last = ends(next, 'msg_three').next;
  const { next: end, events: atEnd } = ends(last);
  t.is(end.status, 'completed');
  t.deepEqual(statesOf(end), { two: 'succeeded', three: 'succeeded' });
  t.deepEqual(
    atEnd.map(({ type }) => type),
    ['session.prompt-ended', 'session.completed', 'session.attempt-closed'],
  );
  t.is(end.prompts?.at(-1)?.commit, 'c0ffee');
});

test('each prompt has the whole of maxDurationSeconds, and its own share of tokens and cost', (t) => {
  const first = after(prompted(prepared(submitted()), 'two'), 'report-step', { token: '1.1', step: step('a'), resume });
  const late = context(at(100), { messageId: 'msg_two' });
  const done = { token: '1.1', steps: [], resume, result: null, commit: null };
  const { next } = accepted(decide(first, command('report-completed', done), late));
  t.is(next.times.attemptMs, 0);
  t.is(next.times.executingMs, 100_000);
  t.is(next.timers['max-duration']?.fireAt, at(100 + next.session.maxDurationSeconds));
  const second = after(next, 'report-step', { token: '2.1', step: step('b'), resume });
  const view = toSessionView(second, second.updatedAt);
  t.is(view.metrics.costUsd, 0.002);
  t.is(view.prompts[0]?.usage?.costUsd, 0.001);
  t.like(view.prompts[0], { state: 'running', startedAt: at(100), attempt: 2 });
});

test('a prompt is taken in every state in which the session still goes on by itself, and refused with the way out otherwise', (t) => {
  for (const [status, make] of Object.entries(SESSION_IN)) {
    const decision = decide(make(), command('prompt', { prompt: 'Go on.' }), context(at(0)));
    const isOpen = ['pending', 'queued', 'running', 'paused', 'degraded'].includes(status);
    t.is(decision.kind, isOpen ? 'events' : 'refused', status);
    t.is((allowedCommands(make()) as string[]).includes('prompt'), isOpen, status);
    if (decision.kind !== 'refused') continue;
    const way = ['failed', 'timeout', 'stopped'].includes(status)
      ? /retry it first, or fork it/
      : /fork it from a checkpoint/;
    t.regex(decision.error.message, way);
  }
  const retried = failed(prepared(submitted()), 'provider_unavailable');
  t.like(prompted(retried, 'two').prompts, [{ state: 'queued' }], 'it is retried by itself');
});

test('so many prompts may wait and no more, until one of them has begun', (t) => {
  const names = Array.from({ length: MOST_WAITING_PROMPTS }, (_, index) => `${index}`);
  const full = prompted(prepared(submitted()), ...names);
  const decision = decide(full, command('prompt', { prompt: 'One more.' }), context(at(0)));
  t.like(decision, { kind: 'refused', error: { code: 'prompt_queue_full' } });
  t.is(prompted(ends(full).next, 'more').prompts?.length, MOST_WAITING_PROMPTS + 1);
});

test('the text of a prompt that has ended is cut, and never into half a character, which PostgreSQL could not read', (t) => {
  const long = `${'x'.repeat(199)}🦀 and more`;
  const session = ends(ends(prompted(prepared(submitted()), long, 'three')).next).next;
  t.deepEqual(statesOf(session), { [long]: 'succeeded', three: 'running' });
  t.is(session.prompts?.[0]?.prompt, `${'x'.repeat(199)}\uFFFD`);
});

test('a prompt that waits can be taken out, one that has begun cannot', (t) => {
  const session = ends(prompted(prepared(submitted()), 'two', 'three', 'four')).next;
  const removed = after(session, 'remove-prompt', { promptId: 'three' });
  t.deepEqual(statesOf(removed), { two: 'running', three: 'cancelled: prompt_removed', four: 'queued' });
  t.is(ends(removed).next.attempt?.promptId, 'four');
  for (const promptId of ['two', 'three', 'unknown']) {
    const decision = decide(removed, command('remove-prompt', { promptId }), context(at(0)));
    t.like(decision, { kind: 'refused', error: { code: 'prompt_not_waiting' } }, promptId);
  }
});

test('an automatic retry repeats the prompt that failed and keeps those that wait', (t) => {
  const second = prepared2(ends(prompted(prepared(submitted()), 'two', 'three')).next);
  const broken = failed(second, 'provider_unavailable');
  t.deepEqual(statesOf(broken), { two: 'running', three: 'queued' });
  const again = dispatched(fired(broken, 'retry'));
  t.like(again.attempt, { number: 3, promptId: 'two' });
  t.deepEqual(toldUpTo(again, 1), ['Mend it.'], 'what it was told before that prompt');
  const third = ends(again).next;
  t.like(third.attempt, { number: 4, promptId: 'three' });
  t.is(third.lastFailure, null);
  t.deepEqual(statesOf(third), { two: 'succeeded', three: 'running' });
});

test('a failure for good ends the prompt with its reason and cancels the rest; a retry by hand repeats that prompt alone', (t) => {
  const second = prepared2(ends(prompted(prepared(submitted()), 'two', 'three')).next);
  const broken = failed(second, 'provider_auth');
  t.deepEqual(statesOf(broken), { two: 'failed: provider_auth', three: 'cancelled: prompt_not_reached' });
  const again = dispatched(after(broken, 'retry', {}));
  t.like(again.attempt, { number: 3, promptId: 'two' });
  t.deepEqual(statesOf(again), { two: 'running', three: 'cancelled: prompt_not_reached' });
  t.is(ends(again).next.status, 'completed');
});

test('pause and stop keep what waits, a time-out and a cancellation do not', (t) => {
  const second = prepared2(ends(prompted(prepared(submitted()), 'two', 'three')).next);
  const paused = after(second, 'pause', {});
  t.deepEqual(statesOf(paused), { two: 'running', three: 'queued' });
  const resumed = dispatched(after(paused, 'resume', {}));
  t.like(resumed.attempt, { number: 2, run: 2, promptId: 'two' });

  const stopped = after(second, 'stop', {});
  t.deepEqual(statesOf(stopped), { two: 'cancelled: stopped_by_user', three: 'queued' });
  t.deepEqual(statesOf(dispatched(after(shownToHaveEnded(stopped), 'retry', {}))), { two: 'running', three: 'queued' });
  t.deepEqual(statesOf(after(stopped, 'delete', {})).three, 'cancelled: prompt_not_reached');

  t.deepEqual(statesOf(fired(second, 'max-duration')), {
    two: 'failed: time_exceeded',
    three: 'cancelled: prompt_not_reached',
  });
  t.deepEqual(statesOf(after(prompted(submitted(), 'two'), 'cancel', {})), { two: 'cancelled: prompt_not_reached' });
  const hopeless = prompted(prepared(submitted({}, { maxRetries: 0 })), 'two');
  t.deepEqual(statesOf(after(hopeless, 'stop', {})), { two: 'cancelled: prompt_not_reached' }, 'it cannot be retried');
});

test('what impaired a turn is not carried over to the next one, and nobody waits for answers to the last one', (t) => {
  const running = prompted(prepared(submitted({ permissions: [{ tool: '*', pattern: '*', action: 'ask' }] })), 'two');
  const impaired = after(running, 'report-degraded', { token: '1.1', failure: failureOf('rate_limited') });
  const { next, events } = ends(waiting(impaired, asked('per_1')));
  t.is(next.status, 'running');
  t.is(next.failure, null);
  t.deepEqual(next.approvals, []);
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.running', 'session.prompt-ended', 'session.prompt-started', 'session.approval-closed'],
  );
  t.deepEqual(Object.keys(next.timers).toSorted(), ['checkpoint', 'max-duration']);
});

test('a report of the turn before the present one changes nothing', (t) => {
  const { next } = ends(prompted(prepared(submitted()), 'two'));
  const late = { token: '1.1', steps: [], resume, result: null, commit: null };
  t.is(decide(next, command('report-completed', late), context(at(1))).kind, 'nothing');
});

test('of the prompts that have ended the last twenty are shown, with the beginning of their text', (t) => {
  const long = 'word '.repeat(100);
  let session = prepared(submitted());
  for (let turn = 1; turn <= 25; turn += 1) {
    session = after(session, 'prompt', { prompt: long }, { commandId: `p${turn}` });
    session = ends(session).next;
  }
  const prompts = completed(session).prompts ?? [];
  t.is(prompts.length, 21, 'and the one that may be retried');
  t.is(prompts[0]?.prompt.length, 200);
  t.is(prompts.at(-1)?.prompt, long);
  t.is(prompts.at(-1)?.id, 'p25');
});

/** The second turn has opened its conversation. */
function prepared2(session: SessionSnapshot): SessionSnapshot {
  return after(session, 'report-prepared', { token: token(session), workspace: session.workspace as never, resume });
}
