import test from 'ava';
import type { SessionEvent } from '../../src/agent-server/events.ts';
import type { ToolCall } from '../../src/agent-server/messages.ts';
import { LifeSigns } from '../../src/turn/life-signs.ts';
import { openReply, reply, toolPart } from '../support/messages.ts';

type Happening = {
  readonly [T in SessionEvent['type']]: Omit<Extract<SessionEvent, { type: T }>, 'sessionId'>;
}[SessionEvent['type']];

const delta: Happening = { type: 'delta', kind: 'text', messageId: 'm', partId: 'p', text: 'x' };
const busy: Happening = { type: 'activity', activity: { type: 'busy' } };
const retry: Happening = {
  type: 'activity',
  activity: { type: 'retry', attempt: 1, message: 'Overloaded', nextAtMs: 0 },
};
const todos: Happening = { type: 'todos', todos: [] };

function tool(status: ToolCall['status'], callId = 'call_1'): Happening {
  const part = toolPart({ status, callId });
  if (part.type !== 'tool') throw new Error('no tool');
  return { type: 'tool', messageId: 'm', call: part };
}

/** What is known after these events, each at its instant. */
function after(...happenings: readonly (readonly [number, Happening])[]) {
  const signs = new LifeSigns(0);
  for (const [atMs, event] of happenings) signs.noteEvent({ ...event, sessionId: 's' }, atMs);
  return signs;
}

const shows = test.macro(
  (t, happenings: readonly (readonly [number, Happening])[], phase: string, lastSignAtMs: number) => {
    t.like(after(...happenings).facts(), { phase, lastSignAtMs });
  },
);

test('a turn begins with a model that is asked', shows, [], 'first_token', 0);
test(
  'each piece of an answer is a sign',
  shows,
  [
    [5, delta],
    [9, delta],
  ],
  'tokens',
  9,
);
test(
  'other news of the session is a sign as well',
  shows,
  [
    [5, delta],
    [9, todos],
  ],
  'tokens',
  9,
);
test(
  'a tool whose input is being written runs',
  shows,
  [
    [5, delta],
    [7, tool('pending')],
  ],
  'tool',
  7,
);
test(
  'output of a tool is a sign',
  shows,
  [
    [5, tool('running')],
    [9, tool('running')],
  ],
  'tool',
  9,
);
test(
  'after its tool the model is asked again',
  shows,
  [
    [5, tool('running')],
    [9, tool('completed')],
  ],
  'first_token',
  9,
);
test(
  'one of two tools that has ended leaves the other',
  shows,
  [
    [5, tool('running')],
    [6, tool('running', 'call_2')],
    [9, tool('completed')],
  ],
  'tool',
  9,
);
test('waiting for another try is no silence of the model', shows, [[5, retry]], 'waiting', 0);
test(
  'the time of that wait is not counted',
  shows,
  [
    [5, busy],
    [10, retry],
    [40, busy],
  ],
  'first_token',
  30,
);
test(
  'being busy again is no sign of life',
  shows,
  [
    [5, busy],
    [10, busy],
  ],
  'first_token',
  0,
);
test(
  'an answer that is asked for again has not begun',
  shows,
  [
    [5, delta],
    [10, retry],
    [12, busy],
  ],
  'first_token',
  12,
);

test('a sub-session that works is a sign of the tool that waits for it, and of nothing else', (t) => {
  const signs = after([5, tool('running')]);
  signs.noteElsewhere(9);
  t.is(signs.facts().lastSignAtMs, 9);
  const thinking = after([5, delta]);
  thinking.noteElsewhere(9);
  t.is(thinking.facts().lastSignAtMs, 5);
});

test('a reading tells of tools that no event told of, and of their end', (t) => {
  const signs = after([5, delta]);
  const running = openReply(1, [toolPart({ status: 'running' })]);
  signs.noteReading(running, { type: 'busy' }, { changed: true, nowMs: 9 });
  t.like(signs.facts(), { phase: 'tool', lastSignAtMs: 9, tools: ['bash'] });
  signs.noteReading(running, { type: 'busy' }, { changed: false, nowMs: 15 });
  t.is(signs.facts().lastSignAtMs, 9, 'nothing new');
  signs.noteReading(reply(1), { type: 'busy' }, { changed: false, nowMs: 20 });
  t.like(signs.facts(), { phase: 'first_token', lastSignAtMs: 20 });
});

test('a reading that shows something new is a sign', (t) => {
  const signs = after([5, delta]);
  signs.noteReading(openReply(1), { type: 'busy' }, { changed: true, nowMs: 9 });
  t.like(signs.facts(), { phase: 'tokens', lastSignAtMs: 9 });
});
