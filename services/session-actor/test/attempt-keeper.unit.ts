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

test('an attempt that nobody has taken for five minutes has failed, and nobody knows what became of its turn', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const snapshot = (await world.stored(await world.running()))?.snapshot;
  if (!snapshot) throw new Error('The session cannot be read.');
  await using bus = createInProcessBus();
  let nowMs = 0;
  const told: { readonly name: string; readonly atMs: number; readonly mayStillRun?: boolean }[] = [];
  const send = async (name: string, payload: { readonly mayStillRun?: boolean }): Promise<void> => {
    told.push({ name, atMs: nowMs, ...payload });
  };
  const away = async (): Promise<never> => {
    throw new UnavailableError('Nobody answers.', { code: 'no_responders' });
  };
  const keeper = createAttemptKeeper({
    owner: 'w1',
    bus,
    router: { send } as unknown as SessionRouter,
    gateways: { request: away } as unknown as GatewayRouter,
    clock: { now: () => snapshot.updatedAt, monotonicMs: () => nowMs },
    logger: createLogger('test', { level: 'silent' }),
    fences: new Fences(() => 1),
    loaded: () => ({ epoch: 1, snapshot }),
  });
  for (; nowMs <= 300_000; nowMs += 10_000) await keeper.ensure(snapshot);
  t.deepEqual(
    told.map(({ name, atMs }) => [name, atMs]),
    [
      ['report-degraded', 10_000],
      ['report-failed', 300_000],
    ],
  );
  t.true(told[1]?.mayStillRun);
});

test('that nobody takes an attempt is logged once for each reason, however often it is tried', async (t) => {
  await using world = await World.open();
  await world.startActor();
  const snapshot = (await world.stored(await world.running()))?.snapshot;
  if (!snapshot) throw new Error('The session cannot be read.');
  await using bus = createInProcessBus();
  const away = async (): Promise<never> => {
    tries += 1;
    throw new UnavailableError('Nobody answers.', { code: tries <= 20 ? 'no_responders' : 'bus_disconnected' });
  };
  let [tries, nowMs] = [0, 0];
  const lines: string[] = [];
  const keeper = createAttemptKeeper({
    owner: 'w1',
    bus,
    router: { send: away } as unknown as SessionRouter,
    gateways: { request: away } as unknown as GatewayRouter,
    clock: { now: () => snapshot.updatedAt, monotonicMs: () => (nowMs += 1_000) },
    logger: createLogger('test', { destination: { write: (line: string) => void lines.push(line) } }),
    fences: new Fences(() => 1),
    loaded: () => ({ epoch: 1, snapshot }),
  });
  await eventually(
    () => {
      keeper.tick([snapshot]);
      return tries >= 40;
    },
    { what: 'forty tries' },
  );
  const said = lines.map((line) => JSON.parse(line) as { level: number; msg: string; reason: string });
  t.deepEqual(
    said.map(({ level, msg, reason }) => [level, msg, reason]),
    ['no_responders', 'bus_disconnected'].map((reason) => [40, 'attempt not taken by any opencode-gateway', reason]),
  );
});
