import test from 'ava';
import { agentError, openReply, reply, textPart, toolPart, userMessage } from '../support/messages.ts';
import { becomes, busy, NOW, retryIn, toolStep } from '../support/becomes.ts';

// Compaction.
const overflow = reply(1, { finish: null, parts: [], error: agentError({ name: 'ContextOverflowError' }) });
const compaction = userMessage({ id: 'msg_20406b01', synthetic: true, parts: [] });
const summary = reply(2, { id: 'msg_20406b02', parentId: compaction.id, summary: true });
const goOn = userMessage({ id: 'msg_20406b03', synthetic: true });
const tooLong = (number: number) => reply(number, { finish: null, parts: [] });
const summed = (number: number) => reply(number, { summary: true });
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
  { type: 'failed', failure: { code: 'provider_unavailable' } },
);

test(
  'a conversation that is too long after each of three summaries stays so, and would be summed up for ever',
  becomes,
  {
    messages: [userMessage(), ...[1, 3, 5].flatMap((number) => [tooLong(number), summed(number + 1)]), openReply(7)],
    activity: busy,
  },
  { type: 'failed', failure: { code: 'context_overflow', transient: false }, stillRunning: true },
);
test(
  'two overflows may be followed by a summary that is short enough',
  becomes,
  { messages: [userMessage(), tooLong(1), summed(2), tooLong(3), summed(4)], activity: busy },
  { type: 'running' },
);
test(
  'what killed servers have left unended is no overflow, however often they were killed',
  becomes,
  { messages: [userMessage(), openReply(1), openReply(2), openReply(3), openReply(4)], activity: busy },
  { type: 'running' },
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
  { type: 'failed', failure: { code: 'empty_answers' }, stillRunning: true },
);
test(
  'the answer that was just begun after them does not hide the loop',
  becomes,
  {
    messages: [userMessage(), empty(1), empty(2), empty(3), openReply(4)],
    activity: busy,
  },
  { type: 'failed', failure: { code: 'empty_answers' }, stillRunning: true },
);
test(
  'a turn with too many steps is cut',
  becomes,
  {
    messages: [userMessage(), toolStep(1), toolStep(2), toolStep(3)],
    activity: busy,
    limits: { maxSteps: 2 },
  },
  { type: 'failed', failure: { code: 'too_many_steps' }, stillRunning: true },
);
test(
  'a provider that is asked again is waited for',
  becomes,
  { messages: [userMessage()], activity: retryIn(4000) },
  {
    type: 'running',
    retry: retryIn(4000),
  },
);
test(
  'a used up quota is not waited for, however soon OpenCode asks again',
  becomes,
  { messages: [userMessage()], activity: retryIn(2_000, 'You exceeded your current quota, please check your plan.') },
  { type: 'failed', failure: { code: 'provider_quota', transient: false }, stillRunning: true },
);
test(
  'a provider that wants an hour is given up, to be tried later',
  becomes,
  {
    messages: [userMessage()],
    activity: retryIn(3_600_000),
  },
  {
    type: 'failed',
    failure: { code: 'retry_wait_too_long', transient: true },
    retryAfterMs: 3_600_000,
    stillRunning: true,
  },
);
