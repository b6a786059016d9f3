import { AppError, UnavailableError } from '@oio/errors';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  type FailureReason,
  handleWhen,
  noJitterGenerator,
  retry,
  wrap,
} from 'cockatiel';

/** How patient we are with a server; the defaults are the product's. */
export interface ResilienceOptions {
  /** Tries of an idempotent read, the first included. */
  readonly tries?: number;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly failuresToOpen?: number;
  readonly halfOpenAfterMs?: number;
  readonly successesToClose?: number;
}

/** Ways of making a call: `read` repeats and breaks the circuit, `write` only breaks it, `control` does neither. */
export interface Resilience {
  read<T>(call: () => Promise<T>): Promise<T>;
  write<T>(call: () => Promise<T>): Promise<T>;
  control<T>(call: () => Promise<T>): Promise<T>;
  /** The server has answered. A circuit that is open because it could not be reached closes: it was away, and is back. */
  answered(): void;
  readonly circuit: 'closed' | 'open' | 'half_open';
}

/** One circuit breaker, meant for one server, and the retries of reads around it. */
export function createResilience(options: ResilienceOptions = {}): Resilience {
  const halfOpenAfterMs = options.halfOpenAfterMs ?? 60_000;
  const breaker = circuitBreaker(handleWhen(isServersFault), {
    halfOpenAfter: halfOpenAfterMs,
    halfOpenSampling: { calls: options.successesToClose ?? 3, threshold: 0 },
    breaker: new ConsecutiveBreaker(options.failuresToOpen ?? 10),
  });
  const retries = retry(handleWhen(isWorthRepeating), {
    maxAttempts: (options.tries ?? 3) - 1,
    backoff: new ExponentialBackoff({
      generator: noJitterGenerator,
      initialDelay: options.firstDelayMs ?? 1000,
      maxDelay: options.maxDelayMs ?? 10_000,
    }),
  });
  const reads = wrap(retries, breaker);
  return {
    read: (call) => reads.execute(call).catch((error: unknown) => refuse(error, halfOpenAfterMs)),
    write: (call) => breaker.execute(call).catch((error: unknown) => refuse(error, halfOpenAfterMs)),
    control: (call) => call(),
    answered() {
      // Held open by hand for no time at all: that is how this breaker is closed.
      if (breaker.state !== CircuitState.Closed && isLostConnection(breaker.lastFailure)) breaker.isolate().dispose();
    },
    get circuit() {
      if (breaker.state === CircuitState.Closed) return 'closed';
      return breaker.state === CircuitState.HalfOpen ? 'half_open' : 'open';
    },
  };
}

/** Refusals of a request say nothing about the server's health; only these count and are worth another try. */
function isServersFault(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}

function isLostConnection(failure: FailureReason<unknown> | undefined): boolean {
  return (
    failure !== undefined &&
    'error' in failure &&
    failure.error instanceof AppError &&
    failure.error.code === 'connection'
  );
}

/** Who asks to slow down is not asked again at once: the caller is told for how long. */
function isWorthRepeating(error: unknown): boolean {
  return isServersFault(error) && error instanceof AppError && error.code !== 'rate_limited';
}

function refuse(error: unknown, retryAfterMs: number): never {
  if (!(error instanceof BrokenCircuitError)) throw error;
  throw new UnavailableError('This OpenCode server failed too often; it is left alone for a while.', {
    code: 'circuit_open',
    cause: error,
    retryAfterMs,
  });
}
