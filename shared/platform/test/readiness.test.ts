import type { DependencyHealth } from '@oio/runtime';
import test from 'ava';
import { Readiness } from '../src/readiness.ts';

test('a process is not ready while it starts, and says what it waits for', async (t) => {
  const readiness = new Readiness();
  t.like(await readiness.report(), { ready: false, status: 'starting', reasons: ['The process is starting.'] });
  readiness.waitFor('Waiting for NATS.');
  t.like(await readiness.report(), { ready: false, status: 'starting', reasons: ['Waiting for NATS.'] });
  readiness.started();
  t.deepEqual(await readiness.report(), { ready: true, status: 'ready', reasons: [], dependencies: [] });
});

test('a process that stops is not ready any more, whatever comes later', async (t) => {
  const readiness = new Readiness();
  readiness.stopping();
  readiness.started();
  t.like(await readiness.report(), { ready: false, status: 'stopping', reasons: ['The process is stopping.'] });
});

test('a needed dependency that is down makes a process not ready, an optional one only degraded', async (t) => {
  const needed = running({ name: 'postgres', optional: false, state: 'down', detail: 'Connection refused.' });
  t.like(await needed.report(), { ready: false, status: 'not_ready', reasons: ['postgres down: Connection refused.'] });
  const optional = running({ name: 'redis', optional: true, state: 'down', detail: 'Connection refused.' });
  t.like(await optional.report(), { ready: true, status: 'degraded', reasons: ['redis down: Connection refused.'] });
  const slow = running({ name: 'postgres', optional: false, state: 'degraded', detail: 'No connection is free.' });
  t.like(await slow.report(), {
    ready: true,
    status: 'degraded',
    reasons: ['postgres degraded: No connection is free.'],
  });
});

test('a report that fails or does not come counts as down', async (t) => {
  const readiness = new Readiness();
  readiness.add({
    name: 'postgres',
    optional: false,
    report: () => Promise.reject(new Error('postgres://u:secret@h')),
  });
  readiness.add({ name: 'nats', optional: false, report: () => new Promise(() => {}) });
  readiness.started();
  const { ready, reasons } = await readiness.report();
  t.false(ready);
  t.deepEqual(reasons, ['postgres down: Its report failed.', 'nats down: No report within 3 s.']);
});

test('many who ask at once cost one report', async (t) => {
  let asked = 0;
  const readiness = new Readiness();
  readiness.add({
    name: 'postgres',
    optional: false,
    async report() {
      asked += 1;
      return { ...HEALTH, name: 'postgres' };
    },
  });
  await Promise.all(Array.from({ length: 50 }, () => readiness.report()));
  t.is(asked, 1);
});

const HEALTH: DependencyHealth = {
  name: 'any',
  optional: false,
  state: 'ok',
  latencyMs: 1,
  detail: 'It answers.',
  figures: {},
};

function running(health: Partial<DependencyHealth>): Readiness {
  const readiness = new Readiness();
  const whole = { ...HEALTH, ...health };
  readiness.add({ name: whole.name, optional: whole.optional, report: async () => whole });
  readiness.started();
  return readiness;
}
