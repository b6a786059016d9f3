import { newSession } from '@oio/contracts';
import { decide, decideCreate, type SessionSnapshot } from '@oio/domain';
import { AppError } from '@oio/errors';
import test from 'ava';
import { LiveSession } from '../src/live-session.ts';

const CONTEXT = {
  now: '2026-01-01T00:00:00.000Z',
  cause: { kind: 'system', id: 'test' },
  commandId: 'command-1',
  epoch: 1,
  random: 0.5,
  messageId: 'msg_1',
} as const;

test('what was committed is taken in', (t) => {
  const session = new LiveSession(queued(), 1, null);
  const decision = decide(session.snapshot, { name: 'cancel', payload: {} }, CONTEXT);
  if (decision.kind !== 'events') return t.fail();
  session.apply(decision.events);
  t.deepEqual(session.snapshot, decision.next);
});

test('an event that the state does not allow is a bug, and told as one', (t) => {
  const session = new LiveSession(queued(), 1, null);
  const decision = decide(session.snapshot, { name: 'cancel', payload: {} }, CONTEXT);
  if (decision.kind !== 'events') return t.fail();
  session.apply(decision.events);
  t.throws(() => session.apply(decision.events.map((event) => ({ ...event, seq: event.seq + 1 }))), {
    message: /does not know session\.cancelled here/,
  });
});

test('tasks run one at a time, in order, also after one that failed', async (t) => {
  const session = new LiveSession(queued(), 1, null);
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise(setImmediate);
    log.push(`${name} ends`);
    if (name === 'one') throw new Error('It failed.');
  };
  const results = await Promise.allSettled(['one', 'two', 'three'].map((name) => session.inTurn(task(name))));
  t.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  t.deepEqual(log, ['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
  t.true(session.idle);
});

test('at most a thousand commands wait; the next one is refused for now', async (t) => {
  const session = new LiveSession(queued(), 1, null);
  const gate = Promise.withResolvers<void>();
  const waiting = Array.from({ length: 1_000 }, () => session.inTurn(() => gate.promise));
  const error = await session.inTurn(() => gate.promise).catch((thrown: unknown) => thrown);
  t.true(error instanceof AppError && error.retryable && error.code === 'mailbox_full');
  gate.resolve();
  await Promise.all(waiting);
  await t.notThrowsAsync(session.inTurn(async () => {}));
});

function queued(): SessionSnapshot {
  const id = '0199b3e4-0000-7000-8000-000000000001';
  const data = {
    tenant: 'acme',
    createdBy: 'ada',
    session: {
      ...newSession.parse({ title: 'Add a parser', prompt: 'Add one.' }),
      id,
      maxDurationSeconds: 60,
      approvalSeconds: 60,
    },
    place: { directory: '/project', workspace: 'worktree', repository: null },
    policy: { checkpointIntervalSeconds: 300, maxRetries: 3 },
  } as const;
  return decideCreate(id, data, CONTEXT).next;
}
