import test from 'ava';
import type { SessionEvent } from '../../src/agent-server/events.ts';
import { CallErrors } from '../../src/turn/call-errors.ts';

const tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };
const retry = (attempt: number, sessionId = 'ses_1'): SessionEvent => ({
  type: 'activity',
  sessionId,
  activity: { type: 'retry', attempt, message: 'overloaded', nextAtMs: 0 },
});
const finished = (messageId: string, sessionId = 'ses_1'): SessionEvent => ({
  type: 'step_finished',
  sessionId,
  messageId,
  step: { id: `prt_${messageId}`, reason: 'stop', tokens, costUsd: 0 },
});

function after(...events: readonly SessionEvent[]): CallErrors {
  const errors = new CallErrors();
  for (const event of events) errors.noteEvent(event);
  return errors;
}

test('a try that is announced twice failed once, and one that nobody heard of failed too', (t) => {
  const errors = after(retry(1), retry(1), retry(3), finished('msg_1'));
  t.is(errors.take('ses_1', 'msg_1'), 3);
  t.is(errors.take('ses_1', 'msg_1'), 0, 'told once');
});

test('what fails after a step belongs to the next message, which counts its tries anew', (t) => {
  const errors = after(retry(2), finished('msg_1'), retry(1));
  t.is(errors.take('ses_1', 'msg_1'), 2);
  t.is(errors.take('ses_1', 'msg_2'), 1);
});

test('each conversation has tries of its own', (t) => {
  const errors = after(retry(2), retry(4, 'ses_2'));
  t.is(errors.take('ses_2', 'msg_9'), 4);
  t.is(errors.take('ses_1', 'msg_1'), 2);
});

test('a call without trouble has no errors', (t) => {
  t.is(after(finished('msg_1')).take('ses_1', 'msg_1'), 0);
});
