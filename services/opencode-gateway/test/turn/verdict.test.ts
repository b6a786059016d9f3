import test from 'ava';
import fc from 'fast-check';
import type { Activity, TurnMessage } from '../../src/ports.ts';
import { type TurnFacts, type Verdict, verdictOf } from '../../src/turn/verdict.ts';
import { agentError, openReply, PROMPT_ID, reply, textPart, toolPart, userMessage } from '../support/messages.ts';

const NOW = 1_000_000;
const LONG_AGO = NOW - 60_000;
const busy: Activity = { type: 'busy' };

const becomes = test.macro((t, facts: Partial<TurnFacts>, expected: Partial<Verdict> & { type: Verdict['type'] }) => {
  const base = { messageId: PROMPT_ID, messages: [], activity: undefined, nowMs: NOW, lastSignOfLifeAtMs: LONG_AGO };
  t.like(verdictOf({ ...base, ...facts }), expected);
});

const toolStep = (number: number, error: string | null = null) =>
  reply(number, { finish: 'tool-calls', parts: [toolPart({ status: error === null ? 'completed' : 'error', error })] });

const retryIn = (ms: number, message = 'Too Many Requests'): Activity => ({
  type: 'retry',
  attempt: 2,
  message,
  nextAtMs: NOW + ms,
});

const failing = (error: Parameters<typeof agentError>[0]) => [
  userMessage(),
  reply(1, { finish: null, error: agentError(error), parts: [] }),
];

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
  { type: 'failed', code: 'bad_agent', retryable: false, stillRunning: false },
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
  { type: 'failed', code: 'bad_model', message: 'Model not found: fake/nope.', retryable: false },
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
    code: 'output_length',
    retryable: false,
  },
);
test(
  'an answer that the provider blocked is no success',
  becomes,
  {
    messages: [userMessage(), reply(1, { finish: 'content-filter' })],
  },
  { type: 'failed', code: 'content_filter' },
);
test(
  'a rejected permission ends a turn like a success and is none',
  becomes,
  {
    messages: [userMessage(), toolStep(1, 'The user rejected permission to use this specific tool call.')],
  },
  { type: 'failed', code: 'permission_rejected' },
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
  { type: 'failed', code: 'question_rejected' },
);

// Errors of providers.
const errorTable: readonly (readonly [string, Parameters<typeof agentError>[0], string, boolean])[] = [
  ['refused credentials', { statusCode: 401 }, 'provider_auth', false],
  ['a missing credential', { name: 'ProviderAuthError' }, 'provider_auth', false],
  ['a model that the provider lacks', { statusCode: 404, message: 'The model `x` does not exist' }, 'bad_model', false],
  ['a rate limit', { statusCode: 429 }, 'rate_limited', true],
  ['a used up quota', { statusCode: 429, detail: '{"code":"insufficient_quota"}' }, 'quota_exceeded', false],
  ['a server error', { statusCode: 503 }, 'provider_unavailable', true],
  [
    'a lost connection',
    { message: 'Cannot connect to API: The socket connection was closed' },
    'provider_unavailable',
    true,
  ],
  ['a refused request', { statusCode: 400 }, 'bad_request', false],
  ['a context too long, by name', { name: 'ContextOverflowError' }, 'context_overflow', false],
  ['a context too long, by words', { statusCode: 400, detail: 'context_length_exceeded' }, 'context_overflow', false],
  ['a content filter', { name: 'ContentFilterError' }, 'content_filter', false],
  ['an output too long', { name: 'MessageOutputLengthError' }, 'output_length', false],
  [
    'a garbled answer',
    { name: 'UnknownError', message: 'JSON parsing failed: Text: {' },
    'provider_answer_invalid',
    true,
  ],
  ['something new', { name: 'NovelError', message: 'what?' }, 'agent_error', false],
];
for (const [what, error, code, retryable] of errorTable) {
  test(`${what} fails the turn as ${code}`, becomes, { messages: failing(error) }, {
    type: 'failed',
    code,
    retryable,
    stillRunning: false,
  } as Verdict);
}
test(
  'a rate limit says when to come back',
  becomes,
  { messages: failing({ statusCode: 429, retryAfterMs: 7000 }) },
  {
    type: 'failed',
    retryAfterMs: 7000,
  },
);
test(
  'an aborted answer is an aborted turn',
  becomes,
  { messages: failing({ name: 'MessageAbortedError' }) },
  {
    type: 'aborted',
  },
);

// Compaction.
const overflow = reply(1, { finish: null, parts: [], error: agentError({ name: 'ContextOverflowError' }) });
const compaction = userMessage({ id: 'msg_20406b01', synthetic: true, parts: [] });
const summary = reply(2, { id: 'msg_20406b02', parentId: compaction.id, summary: true });
const goOn = userMessage({ id: 'msg_20406b03', synthetic: true });
test(
  'an overflow is followed by a compaction, so it is not final at once',
  becomes,
  {
    messages: [userMessage(), overflow],
    lastSignOfLifeAtMs: NOW - 100,
  },
  { type: 'running' },
);
test(
  'a turn goes on under messages that OpenCode wrote itself',
  becomes,
  {
    messages: [userMessage(), overflow, compaction, summary, goOn, reply(3, { id: 'msg_20406b04', parentId: goOn.id })],
  },
  { type: 'finished', text: 'answer 3' },
);
test(
  'the summary of a compaction is no answer',
  becomes,
  {
    messages: [userMessage(), overflow, compaction, summary],
  },
  { type: 'interrupted', reason: 'between_steps' },
);
test(
  'the next prompt of the session belongs to another turn',
  becomes,
  {
    messages: [
      userMessage(),
      reply(1),
      userMessage({ id: 'msg_3' }),
      reply(2, { id: 'msg_4', parentId: 'msg_3', finish: null }),
    ],
  },
  { type: 'finished', text: 'answer 1' },
);

// Broken off.
test(
  'idle before the error is stored is not yet interrupted',
  becomes,
  {
    messages: [userMessage(), openReply(1)],
    lastSignOfLifeAtMs: NOW - 50,
  },
  { type: 'running' },
);
test(
  'an answer that nobody writes any more is lost',
  becomes,
  {
    messages: [userMessage(), openReply(1, [textPart('')])],
    lastSignOfLifeAtMs: null,
  },
  { type: 'interrupted', reason: 'answer_lost' },
);
test(
  'a tool that ran when the server died was interrupted',
  becomes,
  {
    messages: [userMessage(), openReply(1, [toolPart({ status: 'running', endedAtMs: null })])],
    lastSignOfLifeAtMs: null,
  },
  { type: 'interrupted', reason: 'tool_interrupted' },
);
test(
  'a server that died between two steps leaves an interrupted turn',
  becomes,
  {
    messages: [userMessage(), toolStep(1)],
    lastSignOfLifeAtMs: null,
  },
  { type: 'interrupted', reason: 'between_steps' },
);
test(
  'an open answer whose stop was asked for is aborted',
  becomes,
  {
    messages: [userMessage(), openReply(1)],
    abortRequested: true,
  },
  { type: 'aborted' },
);
test(
  'an open answer and an error event make a failure',
  becomes,
  {
    messages: [userMessage(), openReply(1)],
    lastError: agentError({ statusCode: 500 }),
  },
  { type: 'failed', code: 'provider_unavailable' },
);

// Turns that would not end.
const empty = (number: number) => reply(number, { finish: 'unknown', parts: [] });
test(
  'two empty answers in a row may still become something',
  becomes,
  {
    messages: [userMessage(), empty(1), empty(2)],
    activity: busy,
  },
  { type: 'running' },
);
test(
  'three empty answers in a row are an endless loop that has to be aborted',
  becomes,
  {
    messages: [userMessage(), reply(1), empty(2), empty(3), empty(4)],
    activity: busy,
  },
  { type: 'failed', code: 'endless_loop', stillRunning: true },
);
test(
  'a turn with too many steps is cut',
  becomes,
  {
    messages: [userMessage(), toolStep(1), toolStep(2), toolStep(3)],
    activity: busy,
    limits: { maxSteps: 2 },
  },
  { type: 'failed', code: 'too_many_steps', stillRunning: true },
);
test('a provider that is asked again is waited for', becomes, { messages: [userMessage()], activity: retryIn(4000) }, {
  type: 'running',
  retry: retryIn(4000),
} as Verdict);
test(
  'a provider that wants an hour is given up, to be tried later',
  becomes,
  {
    messages: [userMessage()],
    activity: retryIn(3_600_000),
  },
  { type: 'failed', code: 'rate_limited', retryable: true, retryAfterMs: 3_600_000, stillRunning: true },
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
