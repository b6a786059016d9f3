import test from 'ava';
import { noTokens } from '@oio/contracts';
import type { SessionSnapshot } from '../src/index.ts';
import {
  after,
  at,
  dispatched,
  fired,
  prepared,
  resume,
  SESSION_IN,
  shownToHaveEnded,
  step,
  submitted,
} from './sessions.ts';

test('checkpoints are numbered from 1 on, without a gap or an end', (t) => {
  let session: SessionSnapshot = dispatched(submitted());
  const numbers = Array.from({ length: 150 }, (_, index) => {
    session = after(session, 'checkpoint', { data: { index } }, { now: at(index) });
    return session.checkpoints.last?.sequence;
  });
  t.deepEqual(
    numbers,
    Array.from({ length: 150 }, (_, index) => index + 1),
  );
  t.is(session.checkpoints.count, 150);
});

test('the sequence goes on over attempts', (t) => {
  const stopped = after(prepared(submitted()), 'stop', {});
  const second = prepared(after(shownToHaveEnded(stopped), 'retry', {}));
  t.like(second.checkpoints, { count: 2, last: { sequence: 2, attempt: 2 } });
});

test('a requested checkpoint keeps the data of the client and knows where the work stands', (t) => {
  const running = after(prepared(submitted()), 'report-step', { token: '1.1', step: step('step_7'), resume });
  const present = { now: at(9), fileSnapshot: 'f00d' };
  const { last } = after(running, 'checkpoint', { data: { note: 'before lunch' } }, present).checkpoints;
  t.deepEqual(last, {
    sequence: 3,
    timestamp: at(9),
    origin: 'request',
    attempt: 1,
    data: { note: 'before lunch' },
    resume: {
      openCodeSessionId: 'ses_1',
      lastMessageId: 'msg_1',
      fileSnapshot: 'f00d',
      todos: resume.todos,
      tokens: running.usage.tokens,
      costUsd: 0.001,
    },
  });
});

test('a checkpoint before anything was done says so', (t) => {
  const { last } = after(dispatched(submitted()), 'checkpoint', { data: {} }).checkpoints;
  t.deepEqual(last?.resume, {
    openCodeSessionId: null,
    lastMessageId: null,
    fileSnapshot: null,
    todos: [],
    tokens: noTokens,
    costUsd: 0,
  });
});

test('a paused session takes a checkpoint, a queued one has nothing to keep', (t) => {
  t.is(after(SESSION_IN.paused(), 'checkpoint', { data: {} }).checkpoints.count, 2);
  t.throws(() => after(submitted(), 'checkpoint', { data: {} }), { message: /has work to keep/ });
});

test('the timer makes a checkpoint with the files as they are, or with those of the last one when they could not be kept', (t) => {
  const running = after(prepared(submitted()), 'report-step', {
    token: '1.1',
    step: step('step_1'),
    resume: { ...resume, fileSnapshot: 'cafe' },
  });
  const kept = fired(running, 'checkpoint', { fileSnapshot: 'f00d' });
  t.like(kept.checkpoints.last, { origin: 'interval', resume: { fileSnapshot: 'f00d', lastMessageId: 'msg_1' } });
  t.is(fired(running, 'checkpoint').checkpoints.last?.resume.fileSnapshot, 'cafe');
  t.is(fired(running, 'checkpoint', { fileSnapshot: null }).checkpoints.last?.resume.fileSnapshot, null);
});
