import test from 'ava';
import { GLOBAL } from '../src/limit-book.ts';
import { type Holder, Slots } from '../src/slots.ts';

const holder = (facts: Partial<Holder> = {}): Holder => ({
  id: 'a',
  version: 3,
  status: 'working',
  serverId: 'one',
  directory: null,
  keys: [GLOBAL],
  isOpen: true,
  ...facts,
});

function slots(): { slots: Slots; freed: string[] } {
  const freed: string[] = [];
  return { slots: new Slots((resource) => freed.push(resource)), freed };
}

test('a session that works uses a slot of its server; one that has ended gives it back', (t) => {
  const { slots: subject, freed } = slots();
  subject.set(holder());
  t.is(subject.used('global'), 1);
  t.is(subject.used('server:one'), 1);
  subject.set(holder({ version: 4, status: 'ended', isOpen: false }));
  t.is(subject.used('global'), 0);
  t.deepEqual(freed, ['global', 'server:one']);
});

test('a paused session in place gives its slot back and keeps its directory', (t) => {
  const { slots: subject, freed } = slots();
  subject.set(holder({ directory: '/shop' }));
  subject.set(holder({ version: 4, directory: '/shop', status: 'paused', isOpen: false }));
  t.is(subject.used('global'), 0);
  t.is(subject.occupantOf('/shop', 'b'), 'a');
  t.is(subject.occupantOf('/shop', 'a'), null);
  t.deepEqual(freed, ['global', 'server:one']);
});

test('a session that was stopped keeps its directory until its last run is shown to be over', (t) => {
  const { slots: subject, freed } = slots();
  subject.set(holder({ directory: '/shop' }));
  subject.set(holder({ version: 4, directory: '/shop', status: 'ended' }));
  t.is(subject.occupantOf('/shop', 'b'), 'a');
  subject.set(holder({ version: 5, directory: '/shop', status: 'ended', isOpen: false }));
  t.is(subject.occupantOf('/shop', 'b'), null);
  t.deepEqual(freed, ['global', 'server:one', 'in-place:/shop']);
});

test('a reserved slot stays reserved until the outcome is known, whatever is heard meanwhile', (t) => {
  const { slots: subject } = slots();
  subject.reserve('a', 'one', { directory: '/shop', keys: [GLOBAL] });
  subject.set(holder({ directory: '/shop' }));
  t.is(subject.used('global'), 1, 'counted once');
  subject.set(holder({ version: 4, directory: '/shop', status: 'ended', isOpen: false }));
  t.is(subject.used('global'), 1);
  t.is(subject.occupantOf('/shop', 'b'), 'a');
  subject.unreserve('a');
  t.is(subject.used('global'), 0);
  t.is(subject.occupantOf('/shop', 'b'), null);
});

test('an older version is no news', (t) => {
  const { slots: subject } = slots();
  subject.set(holder({ version: 9 }));
  subject.set(holder({ version: 8, status: 'ended' }));
  t.is(subject.used('global'), 1);
});

test('a reading of the database adds and removes holders, but not what has changed since and not what is reserved', (t) => {
  const { slots: subject } = slots();
  subject.set(holder({ id: 'gone' }));
  subject.reserve('reserved', 'one', { directory: null, keys: [GLOBAL] });
  const mark = subject.mark();
  subject.set(holder({ id: 'new' }));
  subject.reconcile([holder({ id: 'missed', serverId: 'two' })], mark);
  t.is(subject.get('gone'), undefined);
  t.is(subject.get('new')?.id, 'new');
  t.is(subject.used('server:one'), 2);
  t.is(subject.used('server:two'), 1);
});
