import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EMBEDDED_MAX_CONNECTIONS } from '@oio/persistence';
import test from 'ava';
import { connectionsPerProcess, planServices, SCALE, SERVICES } from '../process-plan.ts';

test('each process has its name, its main.ts and its settings', (t) => {
  const plans = planServices({
    scale: { ...SCALE, 'session-actor': 3 },
    root: join(import.meta.dirname, '..', '..', '..'),
    environment: { PATH: '/bin', LOG_LEVEL: 'debug', DATABASE_URL: 'postgres://of-the-user' },
    shared: { DATABASE_URL: 'postgres://of-all' },
    own: (service, number) => ({ NATS_URL: `nats://${service}-${number}` }),
  });
  t.deepEqual(
    plans.map(({ name }) => name).filter((name) => name.startsWith('session-actor')),
    ['session-actor.1', 'session-actor.2', 'session-actor.3'],
  );
  t.is(plans.length, 9);
  for (const { args } of plans) t.true(existsSync(args.at(-1) ?? ''), args.at(-1));
  t.like(plans[2]?.environment, {
    LOG_LEVEL: 'debug',
    DATABASE_URL: 'postgres://of-all',
    NATS_URL: 'nats://session-actor-3',
  });
});

test('a process with wrong settings is not started again, one that crashed is', (t) => {
  const [plan] = planServices({ scale: SCALE, root: '/', environment: {}, shared: {}, own: () => ({}) });
  t.true(plan?.isFinal?.(78));
  t.false(plan?.isFinal?.(70));
  t.false(plan?.isFinal?.(-1));
});

test('all processes together leave connections for the administrator', (t) => {
  for (const [embedded, all] of [
    [true, EMBEDDED_MAX_CONNECTIONS],
    [false, 100],
  ] as const)
    for (let processes = SERVICES.length; processes <= 16; processes += 1)
      t.true((connectionsPerProcess(processes, { embedded }) + 2) * processes <= all - 5, `${processes} processes`);
  t.true(connectionsPerProcess(200, { embedded: true }) >= 3);
});

test('each process has its whole pool where the embedded PostgreSQL has room for it', (t) => {
  const processes = Object.values(SCALE).reduce((sum, one) => sum + one, 0);
  t.is(connectionsPerProcess(processes, { embedded: true }), 30);
  t.is(connectionsPerProcess(1, { embedded: true }), 30);
});
