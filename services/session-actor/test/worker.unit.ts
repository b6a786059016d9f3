import { createInProcessBus } from '@oio/messaging';
import { createInProcessOwnerDirectory } from '@oio/ownership';
import type { LockConnection } from '@oio/persistence';
import { createLogger } from '@oio/runtime';
import test from 'ava';
import { startWorker } from '../src/worker.ts';

test('a slow answer about the time does not put the clock back', async (t) => {
  const asked = Date.parse('2026-11-28T12:00:00.000Z');
  let nowMs = 0;
  const set: number[] = [];
  await using bus = createInProcessBus();
  await using worker = await startWorker({
    bus,
    directory: createInProcessOwnerDirectory(),
    leases: {
      // The database tells its time first, and then takes three seconds to commit.
      async renew() {
        nowMs += 3_000;
        return { now: new Date(asked), kept: true };
      },
      lives: async () => true,
      end: async () => {},
    },
    locks: { lock: async () => {}, holds: () => true } as unknown as LockConnection,
    clock: { now: () => '', monotonicMs: () => nowMs, set: (instant) => void set.push(instant.getTime() - asked) },
    logger: createLogger('test', { level: 'silent' }),
    onLapsed: () => {},
  });
  t.false(worker.isFenced);
  t.deepEqual(set, [1_500]);
});
