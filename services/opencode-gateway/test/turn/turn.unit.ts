import test from 'ava';
import { turnOf } from '../../src/turn/turn.ts';
import { DEFAULT_LIMITS } from '../../src/turn/turn-limits.ts';
import { verdictOf } from '../../src/turn/verdict.ts';
import { PROMPT_ID, reply, textPart, userMessage } from '../support/messages.ts';

/** An id that OpenCode makes by a clock that is behind ours. */
const before = (number: number) => `msg_20406a00${String(number).padStart(4, '0')}2001TZ3RwBNu4rU1`;
const repliesOf = (messages: Parameters<typeof turnOf>[0]) =>
  turnOf(messages, PROMPT_ID)?.replies.map(({ id }) => id) ?? null;

test('an answer to the prompt counts also where its id sorts before the prompt’s', (t) => {
  const earlier = userMessage({ id: before(1) });
  const messages = [
    earlier,
    reply(2, { id: before(2), parentId: earlier.id }),
    userMessage(),
    reply(3, { id: before(3) }),
    reply(4, { id: before(4) }),
  ];
  t.deepEqual(repliesOf(messages), [before(3), before(4)]);
  t.is(turnOf(messages, PROMPT_ID)?.firstId, before(3));
});

test('so does what OpenCode goes on with after a compaction, and nothing of the turn before', (t) => {
  const compaction = (number: number) =>
    userMessage({ id: before(number), synthetic: true, parts: [textPart('go on')] });
  const messages = [
    compaction(1),
    reply(2, { id: before(2), parentId: before(1) }),
    reply(3, { id: before(3) }),
    compaction(4),
    reply(5, { id: before(5), parentId: before(4) }),
    userMessage(),
  ];
  t.deepEqual(repliesOf(messages), [before(3), before(5)]);
});

test('a turn that goes on for ever is seen to do so whatever OpenCode’s clock shows', (t) => {
  const endless = Array.from({ length: DEFAULT_LIMITS.maxSteps + 1 }, (_none, number) =>
    reply(number, { id: before(number), finish: 'tool-calls' }),
  );
  const facts = { messageId: PROMPT_ID, activity: { type: 'busy' as const }, nowMs: 0, lastSignOfLifeAtMs: 0 };
  t.like(verdictOf({ ...facts, messages: [userMessage(), ...endless] }), {
    type: 'failed',
    failure: { code: 'too_many_steps' },
  });
});
