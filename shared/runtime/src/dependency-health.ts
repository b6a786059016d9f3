/**
 * How something that a process depends on does at the moment, as `/health/ready` and `/metrics` show it. Made from what
 * is known and one quick question; a report never throws and never waits for long.
 */
export interface DependencyHealth {
  /** Lower case, stable, no address in it: `redis`, `postgres`, `nats`. */
  readonly name: string;
  /** `degraded`: it answers, but not as it should; `down`: it does not. */
  readonly state: 'ok' | 'degraded' | 'down';
  /** Whether the process goes on without it: then it is never a reason not to be ready. */
  readonly optional: boolean;
  /** Of the last question, in milliseconds; null when there was no answer. */
  readonly latencyMs: number | null;
  /** A sentence for the operator, without secrets. */
  readonly detail: string;
  /** Figures by name, in snake_case with their unit: `connections`, `breaker_open`, `memory_bytes`, `errors_timeout_total`. */
  readonly figures: Readonly<Record<string, number>>;
}
