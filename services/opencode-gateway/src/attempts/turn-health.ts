import type { Failure } from '@oio/contracts';
import type { Reporter } from './report.ts';

/** Tells the owner when the work on an attempt is impaired, why, and when it no longer is; each once. */
export class TurnHealth {
  readonly #reporter: Reporter;
  /** The code of what impairs it; null when nothing does. */
  #impairedBy: string | null;

  /** A run that goes on from another may follow one that was impaired and could not take that back. */
  constructor(reporter: Reporter, mayBeImpaired: boolean) {
    this.#reporter = reporter;
    this.#impairedBy = mayBeImpaired ? 'unknown' : null;
  }

  async impaired(failure: Failure): Promise<void> {
    if (this.#impairedBy === failure.code) return;
    // A session that is degraded for one reason is not told that there is another one now.
    if (this.#impairedBy !== null) await this.well();
    this.#impairedBy = failure.code;
    await this.#reporter.report('report-degraded', `${Date.now()}`, { failure });
  }

  async well(): Promise<void> {
    if (this.#impairedBy === null) return;
    this.#impairedBy = null;
    await this.#reporter.report('report-recovered', `${Date.now()}`, {});
  }
}
