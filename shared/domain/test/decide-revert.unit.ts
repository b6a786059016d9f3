import test from 'ava';
import type { Checkpoint } from '@oio/contracts';
import { allowedCommands, decide, type SessionSnapshot } from '../src/index.ts';
import {
  accepted,
  after,
  command,
  context,
  dispatched,
  failed,
  fired,
  prepared,
  resume,
  SESSION_IN,
  step,
  submitted,
  token,
} from './sessions.ts';

const RESUME = { ...resume, fileSnapshot: 'cafe' };
const DONE = { conversation: { openCodeSessionId: 'ses_fork', lastMessageId: 'msg_copy' }, failure: null };

/** In a worktree, with two finished steps; it is paused and nothing of it works any more. */
function resting(): { session: SessionSnapshot; checkpoint: Checkpoint } {
  const first = after(prepared(submitted()), 'report-step', { token: '1.1', step: step('one'), resume: RESUME });
  const second = after(first, 'report-step', {
    token: '1.1',
    step: step('two'),
    resume: { ...RESUME, fileSnapshot: 'f00d' },
  });
  const paused = after(second, 'pause', {});
  return { session: closed(paused), checkpoint: first.checkpoints.last as Checkpoint };
}

function closed(session: SessionSnapshot): SessionSnapshot {
  return after(session, 'report-closed', { token: token(session), proof: 'Idle.' });
}

function reverting() {
  const { session, checkpoint } = resting();
  return after(session, 'revert', { checkpoint: checkpoint.sequence }, { checkpoint, fileSnapshot: 'beef' });
}

test('what it is before is kept first, and then it is ordered to be taken back', (t) => {
  const { session, checkpoint } = resting();
  const order = command('revert', { checkpoint: 2 });
  const { next, events, effects } = accepted(
    decide(session, order, context(session.updatedAt, { checkpoint, fileSnapshot: 'beef' })),
  );
  t.deepEqual(
    events.map(({ type }) => type),
    ['session.checkpoint-made', 'session.revert-requested'],
  );
  t.deepEqual(effects, [{ type: 'revert-workspace' }]);
  t.like(next.checkpoints.last, { sequence: 4, resume: { fileSnapshot: 'beef' } });
  t.like(next.revert, { checkpoint: 2, state: 'under_way', resume: { fileSnapshot: 'cafe' } });
  t.deepEqual(
    ['resume', 'revert', 'retry'].filter((name) => (allowedCommands(next) as string[]).includes(name)),
    [],
  );
});

test('once it is done the checkpoint to go on from is the old one, with what was used since', (t) => {
  const before = reverting();
  const { next } = accepted(
    decide(
      before,
      command('revert-ended', { requested: before.revert?.requested ?? 0, ...DONE }),
      context(before.updatedAt),
    ),
  );
  t.like(next.checkpoints.last, {
    sequence: 5,
    origin: 'revert',
    resume: { openCodeSessionId: 'ses_fork', lastMessageId: 'msg_copy', fileSnapshot: 'cafe', costUsd: 0.002 },
  });
  t.deepEqual(next.timers, {});
  t.like(next.revert, { state: 'done' });
  const again = dispatched(after(next, 'resume', {}));
  t.like(again.attempt, { number: 2, run: 1 }, 'its prompt is not in the conversation any more');
});

test('the end of another order than the present one changes nothing', (t) => {
  const before = reverting();
  t.is(decide(before, command('revert-ended', { requested: 1, ...DONE }), context(before.updatedAt)).kind, 'nothing');
  const done = after(before, 'revert-ended', { requested: before.revert?.requested ?? 0, ...DONE });
  const late = command('revert-ended', { requested: before.revert?.requested ?? 0, ...DONE });
  t.is(decide(done, late, context(done.updatedAt)).kind, 'nothing');
});

test('an order that nobody answers is given again, and fails in the end', (t) => {
  let session = reverting();
  const requested = session.revert?.requested;
  for (let tries = 2; tries <= 6; tries += 1) {
    session = fired(session, 'revert');
    t.like(session.revert, { state: 'under_way', tries, requested });
  }
  session = fired(session, 'revert');
  t.like(session.revert, { state: 'failed', failure: { code: 'workspace_failed' } });
  t.deepEqual(session.timers, {});
});

test('only what rests, is closed and has a worktree is taken back, to a checkpoint that is kept and holds files', (t) => {
  const { session, checkpoint } = resting();
  const revert =
    (from: SessionSnapshot, found: Checkpoint | null = checkpoint) =>
    () =>
      after(from, 'revert', { checkpoint: 2 }, { checkpoint: found });
  t.throws(revert(SESSION_IN.running()), { message: /only a paused, stopped, failed or timed-out session/ });
  t.throws(revert(SESSION_IN.completed()), { message: /only a paused/ });
  t.throws(revert(SESSION_IN.paused()), { message: /has not been shown to have ended/ });
  t.throws(revert(failed(prepared(submitted()), 'provider_unavailable')), { message: /automatic retry/ });
  t.throws(revert(session, null), { message: /There is no checkpoint 2 .* Its checkpoints are 1 to 3/ });
  t.throws(revert(session, { ...checkpoint, resume }), { message: /holds no files/ });
});

test('a session that works in place is told why it is not taken back', (t) => {
  const running = dispatched(submitted());
  const workspace = {
    path: '/p',
    root: '/p',
    kind: 'in_place' as const,
    branch: null,
    baseRevision: null,
    repositoryRoot: null,
  };
  const ready = after(running, 'report-prepared', { token: '1.1', workspace, resume });
  const session = closed(after(ready, 'pause', {}));
  t.throws(() => after(session, 'revert', { checkpoint: 1 }), { message: /not under git/ });
});

test('the order outlives the cancellation of the session', (t) => {
  const cancelled = after(reverting(), 'cancel', {});
  t.deepEqual(Object.keys(cancelled.timers), ['revert']);
  t.like(after(cancelled, 'revert-ended', { requested: cancelled.revert?.requested ?? 0, ...DONE }).revert, {
    state: 'done',
  });
});
