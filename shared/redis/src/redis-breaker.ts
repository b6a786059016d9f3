import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';

/** The breaker's settings; the defaults are the product's. Source: section 5 of the specification. */
export interface BreakerSettings {
  readonly failuresToOpen?: number;
  readonly halfOpenAfterMs?: number;
  readonly successesToClose?: number;
}

/** Keeps callers from a Redis that has failed them again and again. */
export interface RedisBreaker {
  readonly state: 'closed' | 'half_open' | 'open';
  /** Makes the call, or throws `BrokenCircuitError` at once. Never waits for other calls. */
  execute<T>(call: () => Promise<T>): Promise<T>;
  onChange(listener: (state: RedisBreaker['state']) => void): void;
}

/** A breaker that is closed. */
export function createRedisBreaker(settings: BreakerSettings = {}): RedisBreaker {
  const { failuresToOpen = 10, halfOpenAfterMs = 30_000, successesToClose = 3 } = settings;
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: halfOpenAfterMs,
    halfOpenSampling: { calls: successesToClose, threshold: 0 },
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  // Cockatiel lets further calls wait for the end of the trial; here they are turned away, because nobody has the time.
  let trials = 0;
  breaker.onHalfOpen(() => {
    trials = 1;
  });
  return {
    get state() {
      return STATES[breaker.state];
    },
    async execute(call) {
      if (breaker.state === CircuitState.HalfOpen) {
        if (trials >= successesToClose) throw new BrokenCircuitError('A trial is under way.');
        trials += 1;
      }
      return breaker.execute(call);
    },
    onChange(listener) {
      breaker.onStateChange((state) => listener(STATES[state]));
    },
  };
}

const STATES = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
} as const;
