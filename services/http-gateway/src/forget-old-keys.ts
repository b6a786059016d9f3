import type { Logger } from '@oio/runtime';
import type { IdempotencyKeys } from './ports.ts';

/** How long an `Idempotency-Key` is known. */
const KNOWN_DAYS = 7;
const SWEEP_MS = 3_600_000;

/** Forgets old idempotency keys from time to time, until it is disposed of. */
export function forgetOldKeys(keys: IdempotencyKeys, logger: Logger): Disposable {
  const timer = setInterval(() => {
    keys
      .forget(KNOWN_DAYS)
      .catch((error: unknown) => logger.warn({ err: error }, 'old idempotency keys not forgotten'));
  }, SWEEP_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
