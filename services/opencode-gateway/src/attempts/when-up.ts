import { setTimeout as delay } from 'node:timers/promises';
import { failureOf } from '@oio/domain';
import { AppError, TimeoutError } from '@oio/errors';
import type { AgentServer } from '../ports.ts';
import type { ServerLink } from '../server-link.ts';
import { RunFailure } from './run-failure.ts';

const PAUSE_MS = 500;
/** A server that asks to be left alone for longer is asked again all the same. */
const LONGEST_PAUSE_MS = 60_000;

const LAST_TRY_MS = 1_000;

export interface WhenUpOptions {
  readonly signal: AbortSignal;
  /** Told of each failure before the server is waited for. */
  readonly onTrouble: (error: AppError) => Promise<void>;
  /** For how long the server may be out of reach. */
  readonly connectMs: number;
  /** When it was in reach last, in `performance.now()`. Default: at the first failure. */
  readonly reachedAtMs?: () => number;
}

/**
 * Does something that can be repeated on the server, again and again while that is down or fails. Throws what trying again
 * does not help, the signal's reason, and `RunFailure` when the server stays out of reach.
 */
export async function whenUp<T>(
  link: ServerLink,
  task: (agent: AgentServer) => Promise<T>,
  options: WhenUpOptions,
): Promise<T> {
  const { signal } = options;
  const failures = new Failures(options);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await task(link.agent());
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error;
      await options.onTrouble(error);
      failures.note();
      await untilUp(link, failures.leftMs, { signal, why: error });
      await delay(pauseAfter(error), undefined, { signal });
    }
  }
}

/** Failures in a row. */
class Failures {
  readonly #options: WhenUpOptions;
  #count = 0;
  #sinceMs = 0;

  constructor(options: WhenUpOptions) {
    this.#options = options;
  }

  note(): void {
    if (this.#count === 0) this.#sinceMs = this.#options.reachedAtMs?.() ?? performance.now();
    this.#count += 1;
  }

  /** Of the patience. A single failure may be due to a pause of this process: it is tried once more in any case. */
  get leftMs(): number {
    return Math.max(this.#sinceMs + this.#options.connectMs - performance.now(), this.#count === 1 ? LAST_TRY_MS : 0);
  }
}

function pauseAfter({ code, retryAfterMs = 0 }: AppError): number {
  return code === 'rate_limited' ? Math.min(Math.max(PAUSE_MS, retryAfterMs), LONGEST_PAUSE_MS) : PAUSE_MS;
}

export interface Patience {
  readonly ms: number;
  /** What the `TimeoutError` says. */
  readonly message: string;
  /** Rejects with its reason. */
  readonly signal: AbortSignal;
}

/** Resolves with the task; rejects with a `TimeoutError` when that takes too long. The task is left to itself then: let it only read. */
export async function within<T>(task: Promise<T>, { ms, message, signal }: Patience): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new TimeoutError(message)), Math.max(0, ms));
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly why: AppError;
}

async function untilUp(link: ServerLink, leftMs: number, { signal, why }: Waiting): Promise<void> {
  const over = new AbortController();
  // Not by AbortSignal.timeout, whose timer lets a process end that waits for nothing else.
  const timer = setTimeout(() => over.abort('over'), Math.ceil(leftMs));
  try {
    if (leftMs > 0) return await link.waitUntilUp(AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (signal.aborted || !over.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  throw new RunFailure(failureOf('server_unreachable', why.message), { cause: why });
}
