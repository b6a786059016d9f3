import test from 'ava';
import fc from 'fast-check';
import { compareWaiting, type WaitingSession, WaitingQueue } from '../src/waiting-queue.ts';

const waiting = (id: string, facts: Partial<WaitingSession> = {}): WaitingSession => ({
  id,
  tenant: 'acme',
  priority: 2,
  waitingSinceMs: 0,
  version: 1,
  serverId: null,
  directory: null,
  ...facts,
});

function drain(queue: WaitingQueue): string[] {
  const ids: string[] = [];
  for (let next = queue.first(); next; next = queue.first()) {
    ids.push(next.id);
    queue.remove(next.id);
  }
  return ids;
}

test('the order is priority, then the time of waiting, then the id', (t) => {
  const queue = new WaitingQueue(10);
  queue.put(waiting('e', { priority: 4, waitingSinceMs: 1 }));
  queue.put(waiting('d', { waitingSinceMs: 9 }));
  queue.put(waiting('c', { waitingSinceMs: 3 }));
  queue.put(waiting('b', { waitingSinceMs: 3 }));
  queue.put(waiting('a', { priority: 0, waitingSinceMs: 99 }));
  t.deepEqual(drain(queue), ['a', 'b', 'c', 'd', 'e']);
});

test('what is blocked is passed over with all that depend on the same, until it is released', (t) => {
  const queue = new WaitingQueue(10);
  const first = waiting('a', { directory: '/shop' });
  queue.put(first);
  queue.put(waiting('b', { directory: '/shop' }));
  queue.put(waiting('c'));
  queue.block(first, 'directory:/shop');
  t.is(queue.first()?.id, 'c');
  queue.release('directory:/office');
  t.is(queue.first()?.id, 'c');
  queue.release('directory:/shop');
  t.deepEqual(drain(queue), ['a', 'b', 'c']);
});

test('an older version of a session is no news', (t) => {
  const queue = new WaitingQueue(10);
  queue.put(waiting('a', { version: 5, priority: 0 }));
  queue.put(waiting('a', { version: 4, priority: 4 }));
  t.is(queue.first()?.priority, 0);
  t.is(queue.size, 1);
});

test('an overfull queue keeps its head and leaves the rest to the database', (t) => {
  const queue = new WaitingQueue(10);
  queue.reconcile([], { isWhole: true, mark: queue.mark() });
  for (let index = 0; index < 21; index += 1) queue.put(waiting(`s${index}`, { waitingSinceMs: index }));
  t.is(queue.size, 10);
  t.false(queue.isComplete);
  queue.put(waiting('late', { waitingSinceMs: 50 }));
  t.is(queue.size, 10, 'beyond the horizon');
  queue.put(waiting('urgent', { priority: 0, waitingSinceMs: 50 }));
  t.is(queue.first()?.id, 'urgent');
});

test('a reading of the database adds what is missing and removes what is gone, but not what has changed since', (t) => {
  const queue = new WaitingQueue(10);
  queue.put(waiting('gone'));
  queue.put(waiting('known'));
  const mark = queue.mark();
  queue.put(waiting('new'));
  queue.reconcile([waiting('known'), waiting('missed')], { isWhole: true, mark });
  t.deepEqual(drain(queue).sort(), ['known', 'missed', 'new']);
});

test('a reading of the first page says nothing of what lies behind it', (t) => {
  const queue = new WaitingQueue(10);
  queue.put(waiting('behind', { waitingSinceMs: 9 }));
  queue.put(waiting('gone', { waitingSinceMs: 1 }));
  queue.reconcile([waiting('page', { waitingSinceMs: 5 })], { isWhole: false, mark: queue.mark() });
  t.deepEqual(drain(queue), ['page', 'behind']);
});

/** The same as plainly as can be: everything is sorted anew each time. */
class Model {
  readonly sessions = new Map<string, WaitingSession>();
  readonly blocked = new Set<string>();

  get first(): WaitingSession | undefined {
    return [...this.sessions.values()].filter((session) => !this.blocked.has(laneOf(session))).sort(compareWaiting)[0];
  }

  put(session: WaitingSession): void {
    this.remove(session.id);
    this.sessions.set(session.id, session);
  }

  remove(id: string): void {
    const session = this.sessions.get(id);
    if (!session) return;
    this.sessions.delete(id);
    // What nobody waits for any more is not blocked any more.
    const lane = laneOf(session);
    if (![...this.sessions.values()].some((other) => laneOf(other) === lane)) this.blocked.delete(lane);
  }
}

const laneOf = ({ serverId, directory }: WaitingSession): string => `${serverId}-${directory}`;
const ids = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
const session = fc.record({
  id: ids,
  priority: fc.integer({ min: 0, max: 4 }),
  waitingSinceMs: fc.integer({ min: 0, max: 9 }),
  directory: fc.constantFrom(null, '/shop', '/office'),
  serverId: fc.constantFrom(null, 'one'),
});

type Step = (queue: WaitingQueue, model: Model, version: number) => void;

const put = session.map(
  (facts): Step =>
    (queue, model, version) => {
      queue.put(waiting(facts.id, { ...facts, version }));
      model.put(waiting(facts.id, { ...facts, version }));
    },
);
const remove = ids.map(
  (id): Step =>
    (queue, model) => {
      queue.remove(id);
      model.remove(id);
    },
);
const block = fc.constant<Step>((queue, model) => {
  const first = queue.first();
  if (!first || laneOf(first) === 'null-null') return;
  queue.block(first, laneOf(first));
  model.blocked.add(laneOf(first));
});
const release = fc.constantFrom('null-/shop', 'null-/office', 'one-null', 'one-/shop').map(
  (lane): Step =>
    (queue, model) => {
      queue.release(lane);
      model.blocked.delete(lane);
    },
);

test('the first is always the best of those that are not blocked', (t) => {
  const steps = fc.array(fc.oneof(put, remove, block, release), { maxLength: 80 });
  const property = fc.property(steps, (list) => {
    const queue = new WaitingQueue(100);
    const model = new Model();
    return list.every((step, index) => {
      step(queue, model, index + 1);
      return queue.first()?.id === model.first?.id && queue.size === model.sessions.size;
    });
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});
