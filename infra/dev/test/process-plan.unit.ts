import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
  for (let processes = SERVICES.length; processes <= 16; processes += 1)
    t.true((connectionsPerProcess(processes) + 2) * processes <= 95, `${processes} processes`);
  t.true(connectionsPerProcess(60) >= 3);
});
