import { TimeoutError } from '@oio/errors';

/**
 * The outcome of a request's work, or `TimeoutError` when it does not come within `ms`; what then still comes of it nobody
 * waits for. `extend` gives it more time.
 */
export async function withDeadline<T>(ms: number, work: (extend: (byMs: number) => void) => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = (): void =>
    reject(
      new TimeoutError('No answer came in time. It may have taken effect: repeat it with the same Idempotency-Key.', {
        code: 'no_answer_in_time',
        retryAfterMs: 1_000,
      }),
    );
  let timer = setTimeout(giveUp, ms);
  const extend = (byMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, ms + byMs);
  };
  try {
    return await Promise.race([work(extend), late]);
  } finally {
    clearTimeout(timer);
  }
}
