import { failureOf, type SessionSnapshot } from '@oio/domain';
import { UnavailableError } from '@oio/errors';
import { createInProcessBus } from '@oio/messaging';
import type { GatewayRouter, SessionRouter } from '@oio/ownership';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createAttemptKeeper } from '../src/attempt-keeper.ts';
import { Fences } from '../src/fences.ts';
import { World } from './support/world.ts';

test('a recovery that could not be told is told again', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const stored = (await world.stored(await world.running()))?.snapshot;
  if (!stored) throw new Error('The session cannot be read.');
  const failure = failureOf('server_unreachable', 'Nobody took its orders.');
  const snapshot: SessionSnapshot = { ...stored, status: 'degraded', failure };
  await using bus = createInProcessBus();
  const told: string[] = [];
  const send = async (name: string): Promise<void> => {
    told.push(name);
    if (told.length === 1) throw new UnavailableError('The bus is away for a moment.');
  };
  let orders = 0;
  const request = async () => ({ state: (orders += 1) === 1 ? 'started' : 'already_running', gateway: 'g1' });
  let nowMs = 0;
  const keeper = createAttemptKeeper({
    owner: 'w1',
    bus,
    router: { send } as unknown as SessionRouter,
    gateways: { request } as unknown as GatewayRouter,
    clock: { now: () => snapshot.updatedAt, monotonicMs: () => (nowMs += 1_000) },
    logger: createLogger('test', { level: 'silent' }),
    fences: new Fences(() => 1),
    loaded: () => ({ epoch: 1, snapshot }),
  });
  await t.throwsAsync(keeper.ensure(snapshot), { instanceOf: UnavailableError });
  keeper.tick([snapshot]);
  await eventually(() => told.length === 2, { what: 'it is told again' });
  t.deepEqual(told, ['report-recovered', 'report-recovered']);
});
