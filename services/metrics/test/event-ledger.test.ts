import type { StoredSessionEvent } from '@oio/contracts';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import fc from 'fast-check';
import { EventLedger, type EventLedgerOptions } from '../src/event-ledger.ts';
import { Life } from './support/life.ts';

const logger = createLogger('test', { level: 'silent' });

function ledgerOver(lives: readonly Life[], options: Partial<EventLedgerOptions> = {}) {
  const reads: string[] = [];
  const between: EventLedgerOptions['history']['between'] = async (id, after, before) => {
    reads.push(id);
    return (lives.find((life) => life.id === id)?.history ?? []).filter(({ seq }) => seq > after && seq < before);
  };
  const ledger = new EventLedger({ history: { between }, capacity: 100, logger, ...options });
  const counted: StoredSessionEvent[] = [];
  const receive = async (event: StoredSessionEvent | undefined) => {
    if (!event) throw new Error('There is no such event.');
    const { entries, outcome } = await ledger.admit(event);
    counted.push(...entries.map((entry) => entry.event));
    return outcome;
  };
  return { receive, counted, reads };
}

const aLife = (): Life => new Life().wait(2).dispatch().wait(3).step('a').step('b').wait(1).complete();

test('an event that comes again is not counted again', async (t) => {
  const life = aLife();
  const { receive, counted, reads } = ledgerOver([life]);
  for (const event of [...life.history, ...life.history]) await receive(event);
  t.deepEqual(counted, life.history);
  t.deepEqual(reads, []);
});

test('what is missing before an event is read and counted in its place', async (t) => {
  const life = aLife();
  const { receive, counted } = ledgerOver([life]);
  t.is(await receive(life.history[0]), 'new');
  t.is(await receive(life.history[5]), 'repaired');
  t.is(await receive(life.history[3]), 'repeated');
  t.deepEqual(counted, life.history.slice(0, 6));
});

test('when the missing cannot be read, the event itself is counted and the gap is told', async (t) => {
  const life = aLife();
  const between = () => Promise.reject(new Error('The database is away.'));
  const { receive, counted } = ledgerOver([life], { history: { between } });
  t.is(await receive(life.history[0]), 'new');
  t.is(await receive(life.history[5]), 'gap');
  t.is(await receive(life.history[6]), 'new');
  t.deepEqual(counted, [life.history[0], life.history[5], life.history[6]] as StoredSessionEvent[]);
});

test('what was counted from the store is not counted again, and what comes next continues it', async (t) => {
  const life = new Life({ startMs: 1_000 }).wait(10).dispatch().wait(5).complete();
  const ledger = new EventLedger({ history: { between: async () => [] }, capacity: 100, logger });
  for (const event of life.history.slice(0, 3)) t.is((await ledger.recall(event))?.event, event);
  t.is(await ledger.recall(life.history[1] as StoredSessionEvent), null);
  t.is((await ledger.admit(life.history[2] as StoredSessionEvent)).outcome, 'repeated');
  const { entries } = await ledger.admit(life.history[3] as StoredSessionEvent);
  t.is(entries.length, 1);
  t.is(entries[0]?.before?.seq, 3);
});

test('a stored event of a session that is not remembered any more counts, with what came before it', async (t) => {
  const life = new Life({ startMs: 1_000 }).wait(10).dispatch();
  const between = async () => life.history.slice(0, 2);
  const ledger = new EventLedger({ history: { between }, capacity: 100, logger });
  const entry = await ledger.recall(life.history[2] as StoredSessionEvent);
  t.deepEqual(entry?.before?.waiting, { sinceMs: 1_000, priority: 'medium' });
});

test('a session that was pushed out of memory is not counted twice when its events come again', async (t) => {
  const lives = Array.from({ length: 5 }, (_, index) => new Life({ startMs: 1_000 + index }));
  const { receive, counted } = ledgerOver(lives, { capacity: 2 });
  for (const { history } of lives) for (const event of history) await receive(event);
  for (const { history } of lives) for (const event of history) await receive(event);
  t.is(counted.length, 10);
  const [first] = lives;
  first?.wait(100).dispatch();
  t.is(await receive(first?.history.at(-1)), 'new');
  t.is(counted.length, 11);
});

test('repeated, shuffled and lost events lead to each being counted once, in order', async (t) => {
  const order = fc.array(fc.record({ life: fc.nat({ max: 2 }), event: fc.nat({ max: 20 }) }), { maxLength: 60 });
  const property = fc.asyncProperty(order, async (deliveries) => {
    const lives = [aLife(), aLife(), aLife()];
    const { receive, counted } = ledgerOver(lives);
    for (const { life, event } of deliveries) {
      const { history } = lives[life] as Life;
      await receive(history[event % history.length]);
    }
    // The last one always comes in the end: nothing behind it can be known.
    for (const { history } of lives) await receive(history.at(-1));
    return lives.every(({ id, history }) => {
      const own = counted.filter(({ sessionId }) => sessionId === id);
      return own.length === history.length && own.every((event, index) => event === history[index]);
    });
  });
  await t.notThrowsAsync(fc.assert(property));
});
