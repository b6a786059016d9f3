import type { ServerObservation } from '@oio/contracts';
import { createLogger } from '@oio/runtime';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { createDrainTurns } from '../../src/managed-server/drain-turns.ts';
import { type CareParts, lookAfter } from '../../src/managed-server/look-after.ts';
import { UsageMeter } from '../../src/managed-server/usage-meter.ts';
import { fakeManagedServer } from '../support/fake-managed-server.ts';

const OFF = { ageSeconds: 0, memoryMb: 0, directories: 0, databaseMb: 0, drainSeconds: 0 };
const GIGABYTE = 2 ** 30;

/** A server that is looked after, and all that is said of it. */
function careOf(parts: Partial<CareParts>) {
  const seen: { observation: ServerObservation; draining: string | null }[] = [];
  const restarts: { why: string; prepared: boolean }[] = [];
  const server = parts.server ?? fakeManagedServer();
  const care = lookAfter({
    server,
    meter: new UsageMeter(server),
    health: async () => ({ healthy: true, version: '1' }),
    directories: () => 3,
    async report(observation, draining) {
      seen.push({ observation, draining });
      return { running: 0, working: 0, asked: false, suspended: false, alone: null };
    },
    onDraining: () => {},
    restart: async (why, prepare) => void restarts.push({ why, prepared: prepare !== undefined }),
    limits: OFF,
    turns: createDrainTurns(),
    logger: createLogger('opencode-gateway', { level: 'silent' }),
    lookMs: 1,
    healthMs: 1,
    ...parts,
  });
  return { seen, restarts, [Symbol.asyncDispose]: () => care[Symbol.asyncDispose]() };
}

test('how a server is is told again and again', async (t) => {
  const usage = async () => ({ memoryBytes: GIGABYTE, databaseBytes: 5, cpuSeconds: 1 });
  await using cared = careOf({ server: fakeManagedServer({ usage, launchedAtMs: 1 }) });
  const last = await eventually(() => cared.seen.find(({ observation }) => observation.version !== null));
  t.like(last, {
    draining: null,
    observation: {
      healthy: true,
      version: '1',
      trouble: null,
      startedAt: '1970-01-01T00:00:00.001Z',
      directories: 3,
      memoryBytes: GIGABYTE,
      databaseBytes: 5,
    },
  });
  t.deepEqual(cared.restarts, []);
});

test('a server at a limit says so before it is started anew', async (t) => {
  const drained: (string | null)[] = [];
  await using cared = careOf({
    limits: { ...OFF, directories: 3 },
    onDraining: (reason) => drained.push(reason),
  });
  await eventually(() => cared.restarts.length > 0);
  t.deepEqual(cared.restarts[0], {
    why: 'It has opened many directories and will be started anew.',
    prepared: false,
  });
  t.is(drained[0], cared.restarts[0]?.why);
});

test('much memory that is seen only once is a peak, and no reason', async (t) => {
  let looks = 0;
  const usage = async () => {
    looks += 1;
    return { memoryBytes: looks === 2 ? GIGABYTE : 0, databaseBytes: 0, cpuSeconds: 0 };
  };
  await using cared = careOf({ server: fakeManagedServer({ usage }), limits: { ...OFF, memoryMb: 1_024 } });
  await eventually(() => cared.seen.length > 5);
  t.deepEqual(
    cared.seen.filter(({ draining }) => draining !== null),
    [],
  );
});

test('a large database is compacted while the server is down', async (t) => {
  const usage = async () => ({ memoryBytes: 0, databaseBytes, cpuSeconds: 0 });
  let databaseBytes = 1;
  await using cared = careOf({ server: fakeManagedServer({ usage }), limits: { ...OFF, databaseMb: 1_024 } });
  await eventually(() => cared.seen.length > 1);
  databaseBytes = GIGABYTE;
  await eventually(() => cared.restarts.length > 0);
  t.true(cared.restarts[0]?.prepared);
});

test('of two servers at their limits one waits until the other is back', async (t) => {
  const turns = createDrainTurns();
  const limits = { ...OFF, memoryMb: 1, drainSeconds: 3_600 };
  const usage = async () => ({ memoryBytes: GIGABYTE, databaseBytes: 0, cpuSeconds: 0 });
  const first = careOf({ server: fakeManagedServer({ id: 'one', usage }), limits, turns });
  await eventually(() => first.seen.at(-1)?.draining ?? null);
  await using second = careOf({ server: fakeManagedServer({ id: 'two', usage }), limits, turns });
  await eventually(() => second.seen.length > 5);
  t.is(second.seen.at(-1)?.draining, null);
  await first[Symbol.asyncDispose]();
  t.truthy(await eventually(() => second.seen.at(-1)?.draining ?? null, { what: 'the second one drains' }));
});

test('a server that fails to answer takes no attempts, and is started anew after the third time', async (t) => {
  let asked = 0;
  const restarted: number[] = [];
  await using cared = careOf({
    restart: async () => void restarted.push(asked),
    async health() {
      asked += 1;
      if (asked === 3) return { healthy: true, version: '1' };
      throw new Error('no answer');
    },
  });
  await eventually(() => restarted.length > 0);
  t.is(restarted[0], 6, 'one that answers in between begins anew');
  t.true(cared.seen.some(({ draining }) => draining === 'It does not answer at the moment.'));
});

test('a server on which a turn may still be at work is started anew once nothing else works there, whoever else drains', async (t) => {
  const turns = createDrainTurns();
  turns.take('another');
  let working = 1;
  const told: (string | null)[] = [];
  await using cared = careOf({
    turns,
    limits: { ...OFF, drainSeconds: 3_600 },
    onDraining: (reason) => told.push(reason),
    report: async () => ({ running: 2, working, asked: false, suspended: true, alone: null }),
  });
  await eventually(() => told.length > 5);
  t.deepEqual(new Set(told), new Set(['A turn on it could not be shown to have ended; it will be started anew.']));
  t.deepEqual(cared.restarts, []);
  working = 0;
  await eventually(() => cared.restarts.length > 0, { what: 'the new start, with an attempt open' });
});
