/**
 * Resolves with the task; rejects with the reason of the signal when that is aborted first, or was before. The task is left to
 * itself then.
 */
export async function unlessAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  if (signal.aborted) abort();
  // By hand, and taken away again: a signal that lives long would keep whatever was waited for under it.
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([aborted, task]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
