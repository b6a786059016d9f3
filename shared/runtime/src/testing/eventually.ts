export interface Patience {
  /** How long it may take, in milliseconds. Default 60,000: machines that run tests are slow. */
  readonly withinMs?: number;
  /** Between two looks, in milliseconds. Default 10, later a twentieth of what was waited, 50 at most: each look is work. */
  readonly everyMs?: number;
  /** What is waited for, for the message when it does not come. */
  readonly what?: string;
}

/**
 * Asks again and again until the answer is something else than null, undefined or false, and returns it. An ask that throws
 * has no answer yet. Throws when none comes in time, with the last failure as the cause.
 */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  { withinMs = 60_000, everyMs, what = 'it' }: Patience = {},
): Promise<NonNullable<T>> {
  const beganAt = performance.now();
  let cause: unknown;
  const tried = async (): Promise<T | null> => {
    try {
      return await ask();
    } catch (error) {
      cause = error;
      return null;
    }
  };
  for (;;) {
    const answer = await tried();
    if (isThere(answer)) return answer;
    const waitedMs = performance.now() - beganAt;
    if (waitedMs > withinMs) throw new Error(`Waited ${withinMs} ms in vain for ${what}.`, { cause });
    await new Promise((resolve) => setTimeout(resolve, everyMs ?? Math.min(Math.max(waitedMs / 20, 10), 50)));
  }
}

function isThere<T>(answer: T | null): answer is NonNullable<T> {
  return answer !== null && answer !== undefined && answer !== false;
}
