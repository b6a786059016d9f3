import { failureOf, type SessionSnapshot } from '@oio/domain';
import { UnavailableError } from '@oio/errors';
import { createInProcessBus } from '@oio/messaging';
import type { GatewayRouter, SessionRouter } from '@oio/ownership';
import { createLogger, type Logger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createAttemptKeeper } from '../src/attempt-keeper.ts';
import { Fences } from '../src/fences.ts';
import { World } from './support/world.ts';

test('a recovery that could not be told is told again', async (t) => {
  const told: string[] = [];
  let [orders, nowMs] = [0, 0];
  await using scene = await begin({
    state: { status: 'degraded', failure: failureOf('server_unreachable', 'Nobody took its orders.') },
    async send(name: string) {
      told.push(name);
      if (told.length === 1) throw new UnavailableError('The bus is away for a moment.');
    },
    request: async () => ({ state: (orders += 1) === 1 ? 'started' : 'already_running', gateway: 'g1' }),
    nowMs: () => (nowMs += 1_000),
  });
  const { keeper, snapshot } = scene;
  await t.throwsAsync(keeper.ensure(snapshot), { instanceOf: UnavailableError });
  keeper.tick([snapshot]);
  await eventually(() => told.length === 2, { what: 'it is told again' });
  t.deepEqual(told, ['report-recovered', 'report-recovered']);
});

test('an attempt that nobody has taken for five minutes has failed, and nobody knows what became of its turn', async (t) => {
  const told: { readonly name: string; readonly atMs: number; readonly mayStillRun?: boolean }[] = [];
  let nowMs = 0;
  await using scene = await begin({
    async send(name: string, payload: { readonly mayStillRun?: boolean }) {
      told.push({ name, atMs: nowMs, ...payload });
    },
    request: () => Promise.reject(new UnavailableError('Nobody answers.', { code: 'no_responders' })),
    nowMs: () => nowMs,
  });
  for (; nowMs <= 300_000; nowMs += 10_000) await scene.keeper.ensure(scene.snapshot);
  t.deepEqual(
    told.map(({ name, atMs }) => [name, atMs]),
    [
      ['report-degraded', 10_000],
      ['report-failed', 300_000],
    ],
  );
  t.true(told[1]?.mayStillRun);
});

test('an attempt that has lost its gateway after an hour has as long as any other to find one', async (t) => {
  const told: (readonly [string, number])[] = [];
  let [nowMs, lostAtMs, tries] = [0, 0, 0];
  await using scene = await begin({
    async send(name: string) {
      told.push([name, nowMs - lostAtMs]);
    },
    async request() {
      tries += 1;
      if (tries > 1) throw new UnavailableError('Nobody answers.', { code: 'no_responders' });
      return { state: 'started', gateway: 'g1' };
    },
    nowMs: () => nowMs,
  });
  const { keeper, snapshot } = scene;
  await keeper.ensure(snapshot);
  nowMs = 3_600_000;
  keeper.tick([snapshot]);
  lostAtMs = nowMs += 2_000;
  keeper.tick([snapshot]);
  await eventually(() => tries === 2, { what: 'it is ordered again' });
  for (; nowMs <= lostAtMs + 300_000; nowMs += 10_000) await keeper.ensure(snapshot);
  t.deepEqual(told, [
    ['report-degraded', 10_000],
    ['report-failed', 300_000],
  ]);
});

test('that nobody takes an attempt is logged once for each reason, however often it is tried', async (t) => {
  let [tries, nowMs] = [0, 0];
  const lines: string[] = [];
  const away = async (): Promise<never> => {
    tries += 1;
    throw new UnavailableError('Nobody answers.', { code: tries <= 20 ? 'no_responders' : 'bus_disconnected' });
  };
  await using scene = await begin({
    send: away,
    request: away,
    nowMs: () => (nowMs += 1_000),
    logger: createLogger('test', { destination: { write: (line: string) => void lines.push(line) } }),
  });
  await eventually(
    () => {
      scene.keeper.tick([scene.snapshot]);
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

interface Surroundings {
  /** Of the session, in place of running well. */
  readonly state?: Partial<SessionSnapshot>;
  /** Takes what is told to the session. */
  readonly send: (name: string, payload: object) => Promise<void>;
  /** Takes what is ordered. */
  readonly request: () => Promise<object>;
  readonly nowMs: () => number;
  readonly logger?: Logger;
}

/** A session at work, and who sees to its attempt. */
async function begin({ state, send, request, nowMs, logger }: Surroundings) {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await World.open());
  await world.startActor();
  const stored = (await world.stored(await world.running()))?.snapshot;
  if (!stored) throw new Error('The session cannot be read.');
  const snapshot: SessionSnapshot = { ...stored, ...state };
  const keeper = createAttemptKeeper({
    owner: 'w1',
    bus: stack.use(createInProcessBus()),
    router: { send } as unknown as SessionRouter,
    gateways: { request } as unknown as GatewayRouter,
    clock: { now: () => snapshot.updatedAt, monotonicMs: nowMs },
    logger: logger ?? createLogger('test', { level: 'silent' }),
    fences: new Fences(() => 1),
    loaded: () => ({ epoch: 1, snapshot }),
  });
  const owned = stack.move();
  return { keeper, snapshot, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
