/** No answer came in time; the command may yet take effect. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** The answer, or `NoAnswerError` when it does not come within `ms`. */
export function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new NoAnswerError(`There was no answer within ${ms} ms.`));
    // When this process was busy, the answer may lie in the socket already: timers are looked at before sockets, and
    // immediates after them.
    const timer = setTimeout(() => setImmediate(giveUp), ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
