import test from 'ava';
import { type StoredTotals, Totals } from '../src/totals.ts';
import { totalsText } from '../src/totals-text.ts';

const linesOf = (totals: Totals, name: string): string[] =>
  totalsText(totals)
    .split('\n')
    .filter((line) => line.startsWith(name));

test('counters are told with their labels, whatever these hold', (t) => {
  const totals = new Totals();
  const user = { tenant: 'a"b\\c\nd', model: 'é' };
  totals.add('model_calls_total', user, 2);
  totals.add('model_calls_total', user, 0.5);
  totals.add('model_calls_total', { ...user, model: 'other' });
  t.deepEqual(linesOf(totals, 'oio_model_calls_total'), [
    String.raw`oio_model_calls_total{tenant="a\"b\\c\nd",model="é"} 2.5`,
    String.raw`oio_model_calls_total{tenant="a\"b\\c\nd",model="other"} 1`,
  ]);
});

test('what has no labels is told from the beginning', (t) => {
  t.deepEqual(linesOf(new Totals(), 'oio_session_steps_total'), ['oio_session_steps_total 0']);
  t.deepEqual(linesOf(new Totals(), 'oio_session_failures_total'), []);
});

test('a histogram tells how many were within each bound, and all of them', (t) => {
  const totals = new Totals();
  for (const seconds of [0.5, 1, 1.5, 100_000]) totals.observe('session_execution_seconds', { outcome: 'x' }, seconds);
  const lines = linesOf(totals, 'oio_session_execution_seconds');
  t.deepEqual(lines.slice(0, 3), [
    'oio_session_execution_seconds_bucket{le="1",outcome="x"} 2',
    'oio_session_execution_seconds_bucket{le="2",outcome="x"} 3',
    'oio_session_execution_seconds_bucket{le="5",outcome="x"} 3',
  ]);
  t.deepEqual(lines.slice(-3), [
    'oio_session_execution_seconds_bucket{le="+Inf",outcome="x"} 4',
    'oio_session_execution_seconds_sum{outcome="x"} 100003',
    'oio_session_execution_seconds_count{outcome="x"} 4',
  ]);
});

test('totals that were stored as JSON go on where they were', (t) => {
  const totals = new Totals();
  totals.add('session_transitions_total', { to: 'queued' });
  totals.observe('session_queue_wait_seconds', { priority: 'high' }, 0.1);
  const restored = new Totals();
  restored.add('session_warnings_total', {});
  restored.restore(JSON.parse(JSON.stringify(totals)) as StoredTotals);
  for (const each of [totals, restored]) each.observe('session_queue_wait_seconds', { priority: 'high' }, 0.2);
  t.is(totalsText(restored), totalsText(totals));
});

test('of tenants and models the first ones have numbers of their own', (t) => {
  const totals = new Totals();
  const users = ['a', 'b', 'c', 'a'].map((tenant) => ({ tenant, model: 'm' }));
  const known = users.map((user) => {
    const labels = totals.withinBound('quota_refusals_total', user, 2);
    totals.add('quota_refusals_total', labels ?? { tenant: 'other', model: 'other' });
    return labels !== null;
  });
  t.deepEqual(known, [true, true, false, true]);
});

test('what is no number or has a label that is no text is refused, and changes nothing', (t) => {
  const totals = new Totals();
  const user = { tenant: 'a', model: 'm' };
  for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY, '7' as never])
    t.throws(() => totals.add('cost_usd_total', user, bad), { instanceOf: TypeError });
  for (const bad of [null, {}, undefined])
    t.throws(() => totals.add('cost_usd_total', { ...user, model: bad as never }), { instanceOf: TypeError });
  t.throws(() => totals.observe('session_queue_wait_seconds', { priority: 'high' }, Number.NaN));
  t.deepEqual(linesOf(totals, 'oio_cost_usd_total'), []);
  t.deepEqual(linesOf(totals, 'oio_session_queue_wait_seconds'), []);
});
