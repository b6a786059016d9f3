import test from 'ava';
import { type QueueOptions, WaitingQueue } from '../src/waiting-queue.ts';
import type { WaitingSession } from '../src/waiting-session.ts';
import { idOf, waiting } from './support/waiting.ts';

function openQueue(options: Partial<QueueOptions> = {}): WaitingQueue {
  return new WaitingQueue({ capacity: 10, maxWaitMs: 1_000, nowMs: () => 0, weightOf: () => 1, ...options });
}

function drain(queue: WaitingQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.first(); next; next = queue.first()) {
    ids.push(next.id);
    queue.dispatched(next.id);
  }
  return ids;
}

const ids = (...numbers: number[]): string[] => numbers.map(idOf);

test('within a tenant the order is priority, then the time of waiting, then the id', (t) => {
  const queue = openQueue();
  queue.put(waiting(5, { priority: 4, waitingSinceMs: 1 }));
  queue.put(waiting(4, { waitingSinceMs: 9 }));
  queue.put(waiting(3, { waitingSinceMs: 3 }));
  queue.put(waiting(2, { waitingSinceMs: 3 }));
  queue.put(waiting(1, { priority: 0, waitingSinceMs: 99 }));
  t.deepEqual(drain(queue), ids(1, 2, 3, 4, 5));
});

test('one of four dispatches goes to who is overdue longest, whatever comes in above it', (t) => {
  let nowMs = 0;
  const queue = openQueue({ nowMs: () => nowMs });
  queue.put(waiting(1, { priority: 4 }));
  queue.put(waiting(2, { priority: 3 }));
  const order: number[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    nowMs += 200;
    queue.put(waiting(100 + turn, { priority: 0, waitingSinceMs: nowMs }));
    const next = queue.first();
    if (!next) break;
    order.push(next.priority);
    queue.dispatched(next.id);
  }
  t.deepEqual(order, [0, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0]);
});

test('who is overdue and held up takes the next slot that it can use', (t) => {
  const queue = openQueue({ nowMs: () => 5_000 });
  const old = waiting(1, { priority: 3, directory: '/shop' });
  queue.put(old);
  for (let number = 2; number < 9; number += 1) queue.put(waiting(number, { priority: 0, waitingSinceMs: 4_900 }));
  queue.block(old, 'directory:/shop');
  for (let turn = 0; turn < 5; turn += 1) queue.dispatched(queue.first()?.id ?? '');
  queue.release('directory:/shop');
  t.is(queue.first()?.id, idOf(1));
});

test('deferred sessions run only when nothing else can', (t) => {
  const queue = openQueue();
  const low = waiting(1, { priority: 3, directory: '/shop' });
  queue.put(low);
  queue.put(waiting(2, { priority: 4 }));
  queue.put(waiting(3, { priority: 3, waitingSinceMs: 9 }));
  queue.block(low, 'directory:/shop');
  t.deepEqual(drain(queue), ids(3, 2), 'what is held up itself wants no slot');
});

test('weights of 3 and 1 bring three dispatches for one', (t) => {
  const queue = openQueue({ capacity: 10_000, weightOf: (tenant) => (tenant === 'big' ? 3 : 1) });
  for (let number = 0; number < 4_000; number += 1)
    queue.put(waiting(number, { tenant: number % 2 === 0 ? 'big' : 'small', waitingSinceMs: number }));
  const served = { big: 0, small: 0 };
  for (let turn = 0; turn < 2_000; turn += 1) {
    const next = queue.first();
    if (!next) break;
    served[next.tenant as 'big' | 'small'] += 1;
    queue.dispatched(next.id);
  }
  t.true(Math.abs(served.big / served.small - 3) < 0.15, JSON.stringify(served));
});

test('twenty tenants with 1 to 1,000 waiting share by weight, as far as each has something to run', (t) => {
  const backlogs = Array.from({ length: 20 }, (_none, index) => Math.round(1_000 ** (index / 19)));
  const weightOf = (tenant: string): number => 1 + (Number(tenant) % 3);
  const queue = openQueue({ capacity: 100_000, weightOf });
  let number = 0;
  // The largest backlogs came first: by age alone they would be served first.
  for (const [tenant, backlog] of [...backlogs.entries()].reverse())
    for (let count = 0; count < backlog; count += 1)
      queue.put(waiting((number += 1), { tenant: String(tenant), waitingSinceMs: number }));
  const served = backlogs.map(() => 0);
  const rates: number[] = [];
  const left = new Set(backlogs.keys());
  for (let next = queue.first(); next && left.size > 1; next = queue.first()) {
    const tenant = Number(next.tenant);
    served[tenant] = (served[tenant] ?? 0) + 1;
    queue.dispatched(next.id);
    if (served[tenant] !== backlogs[tenant] || backlogs[tenant] < 50) continue;
    // The first with enough to count has run dry: what the others with a backlog have had until now.
    rates.push(
      ...[...left]
        .filter((other) => (backlogs[other] ?? 0) >= (backlogs[tenant] ?? 0))
        .map((other) => (served[other] ?? 0) / weightOf(String(other))),
    );
    break;
  }
  const jain = rates.reduce((a, b) => a + b, 0) ** 2 / (rates.length * rates.reduce((a, b) => a + b * b, 0));
  t.true(rates.length > 5 && jain >= 0.95, `${jain} of ${rates.length}`);
});

test('who comes back without a backlog starts now: nobody saves up turns', (t) => {
  const queue = openQueue({ capacity: 1_000 });
  for (let number = 0; number < 100; number += 1) queue.put(waiting(number, { tenant: 'busy' }));
  for (let turn = 0; turn < 50; turn += 1) queue.dispatched(queue.first()?.id ?? '');
  for (let number = 100; number < 120; number += 1) queue.put(waiting(number, { tenant: 'idle' }));
  t.is(
    drain(queue)
      .slice(0, 10)
      .filter((id) => id >= idOf(100)).length,
    5,
  );
});

test('what is blocked is passed over with all that depend on the same, until it is released', (t) => {
  const queue = openQueue();
  const first = waiting(1, { directory: '/shop' });
  queue.put(first);
  queue.put(waiting(2, { directory: '/shop' }));
  queue.put(waiting(3));
  queue.block(first, 'directory:/shop');
  t.is(queue.first()?.id, idOf(3));
  queue.release('directory:/office');
  t.is(queue.first()?.id, idOf(3));
  queue.release('directory:/shop');
  t.deepEqual(drain(queue), ids(1, 2, 3));
});

test('an older version of a session is no news', (t) => {
  const queue = openQueue();
  queue.put(waiting(1, { version: 5, priority: 0 }));
  queue.put(waiting(1, { version: 4, priority: 4 }));
  t.is(queue.first()?.priority, 0);
  t.is(queue.size, 1);
});

test('an overfull queue keeps its head and leaves the rest to the database', (t) => {
  const queue = openQueue();
  queue.reconcile([], { upTo: null, mark: queue.mark() });
  for (let number = 0; number < 13; number += 1) queue.put(waiting(number, { waitingSinceMs: number }));
  t.is(queue.size, 10);
  t.false(queue.isComplete);
  queue.put(waiting(50, { waitingSinceMs: 50 }));
  t.is(queue.size, 10, 'beyond the horizon');
  queue.put(waiting(51, { priority: 0, waitingSinceMs: 50 }));
  t.is(queue.first()?.id, idOf(51));
});

test('a reading of the database adds what is missing and removes what is gone, but not what has changed since', (t) => {
  const queue = openQueue();
  queue.put(waiting(1));
  queue.put(waiting(2));
  const mark = queue.mark();
  queue.put(waiting(3));
  queue.reconcile([waiting(2), waiting(4)], { upTo: null, mark });
  t.deepEqual(drain(queue), ids(2, 3, 4));
});

test('a reading of one page adds what is missing, and says nothing of what else is there', (t) => {
  const queue = openQueue();
  const at = (number: number): WaitingSession => waiting(number, { waitingSinceMs: number });
  for (const number of [1, 4, 9]) queue.put(at(number));
  queue.fill([at(5)], { after: at(3), upTo: at(5) });
  t.deepEqual(drain(queue), ids(1, 4, 5, 9));
});

test('all that are here are met one after the other by place, whoever left meanwhile', (t) => {
  const queue = openQueue({ capacity: 100 });
  for (let number = 0; number < 9; number += 1) queue.put(waiting(number));
  for (const id of ids(0, 4, 5)) queue.remove(id);
  const first = queue.someFrom(0, 4);
  const second = queue.someFrom(first.next, 4);
  t.deepEqual([...first.ids, ...second.ids].sort(), ids(1, 2, 3, 6, 7, 8));
  t.is(second.next, 0);
});

test('who does not wait by a reading is removed, unless it was heard of since', (t) => {
  const queue = openQueue();
  queue.put(waiting(1));
  const mark = queue.mark();
  queue.put(waiting(2));
  t.true(queue.removeGone(idOf(1), mark));
  t.false(queue.removeGone(idOf(2), mark));
  t.deepEqual(drain(queue), ids(2));
});

test('pages that follow each other without a gap make the queue complete', (t) => {
  const queue = openQueue({ capacity: 100 });
  const page = (from: number) =>
    Array.from({ length: 3 }, (_none, index) => waiting(from + index, { waitingSinceMs: from + index }));
  queue.reconcile(page(1), { upTo: page(1)[2] ?? null, mark: queue.mark() });
  queue.fill(page(7), { after: page(4)[2] ?? null, upTo: null });
  t.false(queue.isComplete, 'the page between is missing');
  queue.fill(page(4), { after: page(1)[2] ?? null, upTo: page(4)[2] ?? null });
  queue.fill(page(7), { after: page(4)[2] ?? null, upTo: null });
  t.true(queue.isComplete);
  t.is(queue.size, 9);
});
