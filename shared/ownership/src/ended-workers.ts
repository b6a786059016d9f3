import { UnavailableError } from '@oio/errors';

/** For how long the news counts, in milliseconds: until then every other memory of the worker is gone. One that was ended by mistake may come back. */
const COUNTS_MS = 3_000;

/** The workers that are known to have just ended. */
export class EndedWorkers {
  readonly #until = new Map<string, number>();
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Those who wait for any worker to end. By hand: what races against a promise that is settled late stays with it until then. */
  readonly #waitingForAny = new Set<() => void>();
  /** How many have ended. */
  count = 0;

  has(incarnation: string): boolean {
    return (this.#until.get(incarnation) ?? 0) > performance.now();
  }

  add(incarnation: string): void {
    const nowMs = performance.now();
    for (const [id, untilMs] of this.#until) if (untilMs <= nowMs) this.#until.delete(id);
    this.#until.set(incarnation, nowMs + COUNTS_MS);
    this.count += 1;
    for (const tell of this.#waiting.get(incarnation) ?? []) tell();
    this.#waiting.delete(incarnation);
    for (const goOn of this.#waitingForAny) goOn();
  }

  /** Resolves once more workers have ended than that, or else after so long. */
  async moreThan(count: number, withinMs: number): Promise<void> {
    if (this.count > count) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, withinMs);
    this.#waitingForAny.add(resolve);
    await promise;
    clearTimeout(timer);
    this.#waitingForAny.delete(resolve);
  }

  /** Calls `tell` when the worker ends, unless the function returned is called before. */
  onEnd(incarnation: string, tell: () => void): () => void {
    const waiting = this.#waiting.get(incarnation) ?? new Set();
    this.#waiting.set(incarnation, waiting.add(tell));
    return () => {
      waiting.delete(tell);
      if (waiting.size === 0 && this.#waiting.get(incarnation) === waiting) this.#waiting.delete(incarnation);
    };
  }
}

/** Rejects with `worker_ended` when the one that was asked turns out to be gone before it answers. */
export async function unlessEnded<T>(answer: Promise<T>, incarnation: string, ended: EndedWorkers): Promise<T> {
  const gone = Promise.withResolvers<never>();
  const stop = ended.onEnd(incarnation, () =>
    gone.reject(new UnavailableError('The worker that was asked has ended.', { code: 'worker_ended' })),
  );
  answer.catch(() => {});
  try {
    return await Promise.race([answer, gone.promise]);
  } finally {
    stop();
  }
}
