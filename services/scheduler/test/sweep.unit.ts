import test from 'ava';
import { Backoff } from '../src/backoff.ts';
import { Board } from '../src/board.ts';
import type { SessionRow, SessionTable } from '../src/ports.ts';
import { Sweep } from '../src/sweep.ts';
import { compareWaiting } from '../src/waiting-session.ts';
import { ManualClock } from './support/manual-clock.ts';
import { idOf } from './support/waiting.ts';

const WAITING = 5_000;

function row(number: number): SessionRow {
  return {
    id: idOf(number),
    tenant: 'acme',
    status: 'queued',
    priority: 2,
    waitingSinceMs: number,
    directory: '/project',
    workspace: 'worktree',
    model: null,
    concurrencyKey: null,
    serverId: null,
    attemptOpen: false,
    version: 2,
  };
}

function openSweep() {
  const rows = new Map(Array.from({ length: WAITING }, (_none, number) => [idOf(number), row(number)] as const));
  const waiting = () =>
    [...rows.values()]
      .filter(({ waitingSinceMs }) => waitingSinceMs !== null)
      .sort((a, b) => compareWaiting(a as never, b as never));
  const table: Pick<SessionTable, 'waiting' | 'newest' | 'holders' | 'find' | 'notWaiting'> = {
    waiting: async ({ after, limit }) =>
      waiting()
        .filter((session) => !after || compareWaiting(session as never, after as never) > 0)
        .slice(0, limit),
    newest: async () => waiting().slice(-100),
    holders: async () => [],
    find: async (ids) => ids.flatMap((id) => rows.get(id) ?? []),
    notWaiting: async (ids) => ids.filter((id) => (rows.get(id)?.waitingSinceMs ?? null) === null),
  };
  const unclear: string[] = [];
  const queue = { capacity: 2 * WAITING, maxWaitMs: 1_000, nowMs: () => 0, weightOf: () => 1 };
  const board = new Board({ queue, onChange: () => {}, onUnclear: (id) => unclear.push(id) });
  const refused = new Backoff({ clock: new ManualClock(), firstMs: 1, longestMs: 1 });
  const sweep = new Sweep({ table: table as SessionTable, board, queueCapacity: queue.capacity, refused });
  return { rows, board, unclear, sweep };
}

test('all that wait are read page by page, and what no news told of is put right, wherever it stands', async (t) => {
  const { rows, board, unclear, sweep } = openSweep();
  while ((await sweep.run()) !== undefined);
  t.is(board.queue.size, WAITING);

  const [gone, late] = [idOf(2_500), idOf(9_000)];
  rows.set(gone, { ...row(2_500), status: 'cancelled', waitingSinceMs: null, version: 3 });
  rows.set(late, { ...row(2_501), id: late, version: 2 });
  for (let runs = 0; runs < WAITING / 1_000 + 1; runs += 1) await sweep.run();
  t.is(board.queue.versionOf(gone), 0);
  t.deepEqual(unclear, [gone], 'what it does instead is looked up');
  t.is(board.queue.versionOf(late), 2);
  t.is(board.queue.size, WAITING);
});
