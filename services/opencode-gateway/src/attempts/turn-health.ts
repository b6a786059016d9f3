import type { Failure } from '@oio/contracts';
import { newId } from '@oio/runtime';
import type { Reporter } from './report.ts';

export interface TurnHealthOptions {
  /** A run that goes on from another may follow one that was impaired and could not take that back. */
  readonly mayBeImpaired: boolean;
  /** How long it has to be well before that is told, in milliseconds. */
  readonly calmMs: number;
  /** Never goes backwards. Default: `performance.now`. */
  readonly nowMs?: () => number;
}

/**
 * Tells the owner when the work on an attempt is impaired, by what, and when it no longer is. What comes and goes is told
 * once: only what has been well for a while counts as well.
 */
export class TurnHealth {
  readonly #reporter: Reporter;
  readonly #calmMs: number;
  readonly #nowMs: () => number;
  /** The code of what impairs it; null when nothing does. */
  #impairedBy: string | null;
  /** The last time that a provider has named. */
  #resetAt: string | undefined;
  #wellSinceMs: number | null = null;

  constructor(reporter: Reporter, { mayBeImpaired, calmMs, nowMs = () => performance.now() }: TurnHealthOptions) {
    this.#reporter = reporter;
    this.#impairedBy = mayBeImpaired ? 'unknown' : null;
    this.#calmMs = calmMs;
    this.#nowMs = nowMs;
  }

  /** When it may be told that it is well, if it still is then. */
  get calmInMs(): number {
    if (this.#wellSinceMs === null) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#wellSinceMs + this.#calmMs - this.#nowMs());
  }

  /** Told at once, and again when it is something else, or when the provider names another time. */
  async impaired(failure: Failure): Promise<void> {
    this.#wellSinceMs = null;
    const resetAt = failure.quota?.resetAt;
    if (this.#impairedBy === failure.code && (resetAt === undefined || resetAt === this.#resetAt)) return;
    this.#impairedBy = failure.code;
    this.#resetAt = resetAt;
    await this.#reporter.report('report-degraded', newId(), { failure });
  }

  /** To be said again and again: it is told when it has held for long enough. */
  async well(): Promise<void> {
    if (this.#impairedBy === null) return;
    this.#wellSinceMs ??= this.#nowMs();
    if (this.#nowMs() - this.#wellSinceMs < this.#calmMs) return;
    this.#impairedBy = null;
    this.#wellSinceMs = null;
    await this.#reporter.report('report-recovered', newId(), {});
  }
}
