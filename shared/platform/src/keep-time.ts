import type { Database } from '@oio/persistence';
import type { Logger, SetClock } from '@oio/runtime';

/** The machine's monotonic clock drifts far less than a millisecond in this time. */
const EVERY_MS = 10_000;

/** Sets the clock by the database's, now and again and again; while that is away, the clock runs on by itself. */
export async function keepTime(clock: SetClock, database: Database, logger: Logger): Promise<Disposable> {
  const set = async (): Promise<void> => {
    const askedAtMs = performance.now();
    const now = await database.now();
    // What it said was true somewhere between question and answer.
    clock.set(new Date(now.getTime() + (performance.now() - askedAtMs) / 2));
  };
  await set();
  const timer = setInterval(() => {
    set().catch((error: unknown) => logger.debug({ err: error }, 'clock not set'));
  }, EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
