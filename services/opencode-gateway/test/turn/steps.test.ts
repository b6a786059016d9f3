import test from 'ava';
import { stepsOf, usageOf } from '../../src/turn/steps.ts';
import { openReply, reply, stepPart, textPart, toolPart, userMessage } from '../support/messages.ts';

test('each finished model call is a step, with what it cost and what it touched', (t) => {
  const patch = { type: 'patch', id: 'prt_patch', files: ['a.ts'] } as const;
  const first = reply(1, {
    finish: 'tool-calls',
    parts: [toolPart({ tool: 'write' }), stepPart(1, 'tool-calls'), patch],
  });
  const steps = stepsOf([userMessage(), first, reply(2)]);
  t.like(steps, [
    { number: 1, messageId: first.id, reason: 'tool-calls', tools: ['write'], files: ['a.ts'], snapshot: 'tree' },
    { number: 2, reason: 'stop', tools: [], files: [] },
  ]);
});

test('a step that was broken off is not billed', (t) => {
  t.deepEqual(stepsOf([userMessage(), openReply(1, [textPart('half')])]), []);
});

test('no steps cost nothing', (t) => {
  t.like(usageOf([]), { tokens: { input: 0, output: 0 }, costUsd: 0 });
});
