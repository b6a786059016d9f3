import type { AttemptOrder } from '@oio/contracts';
import test from 'ava';
import { promptText } from '../../src/attempts/prompt-text.ts';

const ORDER = { attempt: 2, prompt: 'Now test it.', previousFailure: null, resume: null } as unknown as AttemptOrder;
const FURTHER = { ...ORDER, earlier: ['Write it.', 'Document it.'] };

test('a further prompt is sent as it is into the conversation that it belongs to', (t) => {
  t.is(promptText(FURTHER, true), 'Now test it.');
});

test('a further prompt that has lost its conversation tells what was asked for before', (t) => {
  const resume = { todos: [{ content: 'Write it.', status: 'completed' }] } as AttemptOrder['resume'];
  const text = promptText({ ...FURTHER, resume }, false);
  t.regex(
    text,
    /conversation is lost[^]*\[x\] Write it\.[^]*told before:\n\nWrite it\.\n\nDocument it\.[^]*Now test it\.$/,
  );
});

test('a further prompt that is retried is told why, and of what came before only where that is lost', (t) => {
  const retried = { ...FURTHER, attempt: 3, previousFailure: 'the provider failed' };
  t.regex(promptText(retried, true), /ended early: the provider failed[^]*stands above[^]*Now test it\.$/);
  t.notRegex(promptText(retried, true), /Document it/);
  t.regex(promptText(retried, false), /ended early[^]*told before:[^]*Document it\.[^]*Now test it\.$/);
});

test('a further prompt of a fork is not told again that it works on a copy', (t) => {
  const forkedFrom = {
    sessionId: 'one',
    checkpoint: 1,
    directory: '/other',
    prompt: 'x',
  } as AttemptOrder['forkedFrom'];
  t.is(promptText({ ...FURTHER, forkedFrom }, true), 'Now test it.');
  t.regex(promptText({ ...ORDER, forkedFrom }, true), /You work on a copy now/);
});
