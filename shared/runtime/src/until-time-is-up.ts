/**
 * Aborted with the signal, and when the time is up. Not by `AbortSignal.any` with `AbortSignal.timeout`: who only looks now and then whether
 * that is aborted does not learn it once the memory was cleared up.
 */
export function untilTimeIsUp(signal: AbortSignal, withinMs: number): AbortSignal {
  const over = new AbortController();
  const end = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    over.abort(signal.aborted ? signal.reason : 'time is up');
  };
  const timer = setTimeout(end, withinMs).unref();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end);
  return over.signal;
}
