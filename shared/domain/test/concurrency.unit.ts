import test from 'ava';
import { decide, keyViolations } from '../src/index.ts';
import { accepted, at, command, context, dispatched, submitted } from './sessions.ts';

const NEWER = '0199b3e4-0000-7000-8000-0000000000b1';

test('what becomes of a conflict is said of a key only', (t) => {
  t.like(keyViolations({ concurrencyKey: null, onConflict: 'reject' })[0], {
    field: 'onConflict',
    code: 'contradiction',
  });
  t.deepEqual(keyViolations({ concurrencyKey: 'deploy', onConflict: 'reject' }), []);
  t.deepEqual(keyViolations({ concurrencyKey: null }), []);
});

for (const [what, snapshot, status] of [
  ['pending', submitted({ start: false }), 'cancelled'],
  ['queued', submitted(), 'cancelled'],
  ['running', dispatched(submitted()), 'stopped'],
] as const) {
  test(`a ${what} session whose place a newer one takes is ${status}, once`, (t) => {
    const order = command('supersede', { by: NEWER });
    const { next } = accepted(decide(snapshot, order, context(at(9))));
    t.like(next, { status, failure: { code: 'superseded' } });
    t.is(decide(next, order, context(at(10))).kind, 'nothing');
  });
}

test('the run of a session whose place is taken is aborted', (t) => {
  const { effects } = accepted(decide(dispatched(submitted()), command('supersede', { by: NEWER }), context(at(9))));
  t.deepEqual(
    effects.map(({ type }) => type),
    ['abort-attempt'],
  );
});
