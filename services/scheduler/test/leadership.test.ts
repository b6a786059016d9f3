import { createLogger, createSetClock } from '@oio/runtime';
import test from 'ava';
import { Leadership, type LeadershipParts } from '../src/leadership.ts';
import type { LeaderTable } from '../src/ports.ts';
import { eventually } from '@oio/runtime/testing';

const LEASE_MS = 600;
const logger = createLogger('test', { level: 'silent' });

class FakeTable implements LeaderTable {
  epoch = 0;
  isFree = true;
  answer: () => Promise<void> = async () => {};
  resigned: number[] = [];
  other: string | null = null;

  async take(_holder: string, _leaseMs: number, gone: string | null): Promise<number | null> {
    await this.answer();
    if (gone !== null && gone === this.other) this.isFree = true;
    if (!this.isFree) return null;
    this.epoch += 1;
    return this.epoch;
  }

  async leader(): Promise<string | null> {
    return this.other;
  }

  async renew(_holder: string, epoch: number): Promise<boolean> {
    await this.answer();
    return this.isFree && epoch === this.epoch;
  }

  async resign(_holder: string, epoch: number): Promise<void> {
    this.resigned.push(epoch);
  }
}

function lead(table: LeaderTable, { watchLock = async () => {}, leaseMs = LEASE_MS }: Partial<LeadershipParts> = {}) {
  const log: string[] = [];
  const leadership = new Leadership({
    table,
    locks: { tryLock: async () => true, unlock: async () => {} },
    watchLock,
    clock: createSetClock(),
    logger,
    holder: 'me',
    leaseMs,
    onGained: (epoch) => log.push(`gained ${epoch}`),
    onLost: () => log.push('lost'),
  });
  return { leadership, log };
}

test('it leads as long as it is confirmed, and gives up when it is disposed', async (t) => {
  const table = new FakeTable();
  const { leadership, log } = lead(table);
  t.true(await eventually(() => leadership.holds(1)));
  t.false(leadership.holds(2));
  await leadership[Symbol.asyncDispose]();
  t.deepEqual(log, ['gained 1', 'lost']);
  t.deepEqual(table.resigned, [1]);
  t.false(leadership.holds(1));
});

test('it stops before the lease ends when the database does not answer, and then leads under a new epoch', async (t) => {
  const table = new FakeTable();
  const { leadership, log } = lead(table);
  t.true(await eventually(() => leadership.holds(1)));
  const silence = Promise.withResolvers<void>();
  table.answer = () => silence.promise;
  const silentAtMs = performance.now();
  t.true(await eventually(() => log.includes('lost')));
  t.true(performance.now() - silentAtMs < LEASE_MS, 'within the lease');
  t.false(leadership.holds(1));

  table.answer = async () => {};
  silence.resolve();
  t.true(await eventually(() => leadership.holds(2)));
  t.deepEqual(log, ['gained 1', 'lost', 'gained 2']);
  await leadership[Symbol.asyncDispose]();
});

test('it stops as soon as it learns that another one leads, and waits for its turn', async (t) => {
  const table = new FakeTable();
  const { leadership, log } = lead(table);
  t.true(await eventually(() => leadership.holds(1)));
  table.isFree = false;
  t.true(await eventually(() => log.includes('lost')));
  table.isFree = true;
  t.true(await eventually(() => leadership.holds(2)));
  await leadership[Symbol.asyncDispose]();
});

test('it survives a database that refuses, and leads once it is back', async (t) => {
  const table = new FakeTable();
  table.answer = () => Promise.reject(new Error('The database is away.'));
  const { leadership, log } = lead(table);
  table.answer = async () => {};
  t.true(await eventually(() => leadership.holds(1)));
  t.deepEqual(log, ['gained 1']);
  await leadership[Symbol.asyncDispose]();
});

test('when one that hangs is followed by another one, it is the lock of that one that is waited for', async (t) => {
  const table = new FakeTable();
  table.isFree = false;
  table.other = 'hung';
  const watched = new Map<string, AbortSignal>();
  const dead = Promise.withResolvers<void>();
  const watchLock: LeadershipParts['watchLock'] = (key, signal) => {
    watched.set(key, signal);
    return key === 'dead' ? dead.promise : new Promise(() => {});
  };
  const { leadership } = lead(table, { watchLock });
  t.true(await eventually(() => watched.has('hung')));
  table.other = 'dead';
  t.true(await eventually(() => watched.has('dead')));
  t.true(watched.get('hung')?.aborted, 'whoever does not lead any more is not waited for');
  dead.resolve();
  t.true(await eventually(() => leadership.holds(1)));
  await leadership[Symbol.asyncDispose]();
});
