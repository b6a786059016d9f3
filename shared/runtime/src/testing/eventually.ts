export interface Patience {
  /** How long it may take, in milliseconds. Default 60,000: machines that run tests are slow. */
  readonly withinMs?: number;
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
  { withinMs = 60_000, everyMs = 10, what = 'it' }: Patience = {},
): Promise<NonNullable<T>> {
  const endsAt = performance.now() + withinMs;
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
    if (performance.now() > endsAt) throw new Error(`Waited ${withinMs} ms in vain for ${what}.`, { cause });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function isThere<T>(answer: T | null): answer is NonNullable<T> {
  return answer !== null && answer !== undefined && answer !== false;
}
