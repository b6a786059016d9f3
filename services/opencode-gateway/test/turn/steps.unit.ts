import test from 'ava';
import { stepsOf, usageOf } from '../../src/turn/steps.ts';
import { openReply, reply, stepPart, textPart, toolPart, userMessage } from '../support/messages.ts';

test('each finished model call is a step, with what it cost and the tools that it called', (t) => {
  const first = reply(1, {
    finish: 'tool-calls',
    parts: [toolPart({ tool: 'write' }), stepPart(1, 'tool-calls')],
  });
  const steps = stepsOf([userMessage(), first, reply(2)]);
  t.like(steps, [
    { number: 1, messageId: first.id, reason: 'tool-calls', tools: ['write'] },
    { number: 2, reason: 'stop', tools: [] },
  ]);
});

test('a step that was broken off is not billed', (t) => {
  t.deepEqual(stepsOf([userMessage(), openReply(1, [textPart('half')])]), []);
});

test('no steps cost nothing', (t) => {
  t.like(usageOf([]), { tokens: { input: 0, output: 0 }, costUsd: 0 });
});
