import test from 'ava';
import fc from 'fast-check';
import type { TurnMessage } from '../../src/agent-server/messages.ts';
import { verdictOf } from '../../src/turn/verdict.ts';
import { becomes, busy, failing, NOW, retryIn, toolStep } from '../support/becomes.ts';
import { agentError, PROMPT_ID, reply, userMessage } from '../support/messages.ts';

// Nothing stored yet.
test('a prompt that is not stored was not sent', becomes, {}, { type: 'not_sent' });
test(
  'a prompt that a restarted server does not have was not sent',
  becomes,
  { lastSignOfLifeAtMs: null },
  { type: 'not_sent' },
);
test(
  'a prompt that was handed over a moment ago is given time to appear',
  becomes,
  { lastSignOfLifeAtMs: NOW - 2200 },
  { type: 'running' },
);
test(
  'an unknown agent shows only as an event, and is final',
  becomes,
  { lastError: agentError({ name: 'UnknownError', message: 'Agent not found: "nope". Available agents: build' }) },
  { type: 'failed', failure: { code: 'agent_not_found', transient: false }, stillRunning: false },
);

// Resumed after it had failed or been aborted.
const beforeResume = failing({ name: 'MessageAbortedError', message: 'Aborted' });
const sentAfter = beforeResume.at(-1)?.id ?? null;
test(
  'the abort before a resume is not taken for one after it',
  becomes,
  { messages: beforeResume, sentAfter, lastSignOfLifeAtMs: NOW - 1000 },
  { type: 'running' },
);
test(
  'an abort after a resume is one',
  becomes,
  { messages: beforeResume, sentAfter: null, lastSignOfLifeAtMs: NOW - 1000 },
  { type: 'aborted' },
);

// Stored, nothing answered.
test(
  'a stored prompt that nobody works on has never started',
  becomes,
  { messages: [userMessage()] },
  {
    type: 'interrupted',
    reason: 'never_started',
  },
);
test(
  'a stored prompt gets its time to start',
  becomes,
  { messages: [userMessage()], lastSignOfLifeAtMs: NOW - 5000 },
  { type: 'running' },
);
test('a busy session is running', becomes, { messages: [userMessage()], activity: busy }, { type: 'running' });
test(
  'an unknown model fails the turn for good',
  becomes,
  {
    messages: [userMessage()],
    lastError: agentError({ name: 'UnknownError', message: 'Model not found: fake/nope.' }),
  },
  { type: 'failed', failure: { code: 'model_not_found', message: 'Model not found: fake/nope.', transient: false } },
);
test(
  'a stored prompt whose stop was asked for is aborted',
  becomes,
  { messages: [userMessage()], abortRequested: true },
  { type: 'aborted' },
);

// Answered.
test(
  'the last answer ends the turn',
  becomes,
  { messages: [userMessage(), toolStep(1), reply(2)] },
  {
    type: 'finished',
    text: 'answer 2',
    finish: 'stop',
  },
);
test(
  'an answer is not the end while the session is busy',
  becomes,
  { messages: [userMessage(), reply(1)], activity: busy },
  {
    type: 'running',
  },
);
test(
  'a finished turn stays finished when it is stopped too late',
  becomes,
  {
    messages: [userMessage(), reply(1)],
    abortRequested: true,
  },
  { type: 'finished' },
);
test(
  'an answer cut off at the limit is no success',
  becomes,
  { messages: [userMessage(), reply(1, { finish: 'length' })] },
  {
    type: 'failed',
    failure: { code: 'output_truncated' },
  },
);
test(
  'an answer that the provider blocked is no success',
  becomes,
  {
    messages: [userMessage(), reply(1, { finish: 'content-filter' })],
  },
  { type: 'failed', failure: { code: 'content_filtered' } },
);
test(
  'a rejected permission ends a turn like a success and is none',
  becomes,
  {
    messages: [userMessage(), toolStep(1, 'The user rejected permission to use this specific tool call.')],
  },
  { type: 'failed', failure: { code: 'permission_rejected' } },
);
test(
  'a permission rejected with a word is not what ended the turn',
  becomes,
  {
    messages: [
      userMessage(),
      toolStep(1, 'The user rejected permission to use this specific tool call with the following feedback: go on'),
    ],
  },
  { type: 'interrupted', reason: 'between_steps' },
);
test(
  'a dismissed question ends a turn like a success and is none',
  becomes,
  {
    messages: [userMessage(), toolStep(1, 'The user dismissed this question')],
  },
  { type: 'failed', failure: { code: 'question_unanswered' } },
);

test(
  'an aborted answer is an aborted turn',
  becomes,
  { messages: failing({ name: 'MessageAbortedError' }) },
  {
    type: 'aborted',
  },
);

test('a finished turn counts all its steps', (t) => {
  const messages = [userMessage(), reply(1, { finish: 'tool-calls' }), reply(2)];
  const verdict = verdictOf({
    messageId: PROMPT_ID,
    messages,
    activity: undefined,
    nowMs: NOW,
    lastSignOfLifeAtMs: null,
  });
  t.like(verdict, { tokens: { input: 200, output: 40, reasoning: 0, cacheRead: 10, cacheWrite: 2 }, costUsd: 0.002 });
});

const anyMessage = fc
  .record({
    number: fc.nat(40),
    finish: fc.constantFrom(null, 'stop', 'tool-calls', 'unknown', 'length', 'content-filter', 'other'),
    open: fc.boolean(),
    failed: fc.boolean(),
    user: fc.boolean(),
    synthetic: fc.boolean(),
  })
  .map(({ number, finish, open, failed, user, synthetic }): TurnMessage => {
    if (user) return userMessage({ id: `msg_20406af9${String(number).padStart(4, '0')}`, synthetic });
    return reply(number, { finish, completedAtMs: open ? null : 2, error: failed ? agentError() : null });
  });
const anyActivity = fc.constantFrom(undefined, { type: 'idle' } as const, busy, retryIn(10), retryIn(1e7));

test('any messages in any order come to the same verdict, and a busy turn never to an end', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(anyMessage, { selector: ({ id }) => id }), anyActivity, (others, activity) => {
      const messages = [userMessage(), ...others];
      const facts = { messageId: PROMPT_ID, activity, nowMs: NOW, lastSignOfLifeAtMs: null };
      const verdict = verdictOf({ ...facts, messages });
      t.deepEqual(verdictOf({ ...facts, messages: messages.toReversed() }), verdict);
      if (activity === busy) t.true(verdict.type === 'running' || (verdict.type === 'failed' && verdict.stillRunning));
      t.not(verdict.type, 'not_sent');
    }),
  );
});
