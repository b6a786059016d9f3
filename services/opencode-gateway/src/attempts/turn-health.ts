import type { Failure } from '@oio/contracts';
import type { Reporter } from './report.ts';

/** Tells the owner when the work on an attempt is impaired, and when it no longer is; each once. */
export class TurnHealth {
  readonly #reporter: Reporter;
  #impaired: boolean;

  /** A run that goes on from another may follow one that was impaired and could not take that back. */
  constructor(reporter: Reporter, mayBeImpaired: boolean) {
    this.#reporter = reporter;
    this.#impaired = mayBeImpaired;
  }

  async impaired(failure: Failure): Promise<void> {
    if (this.#impaired) return;
    this.#impaired = true;
    await this.#reporter.report('report-degraded', `${Date.now()}`, { failure });
  }

  async well(): Promise<void> {
    if (!this.#impaired) return;
    this.#impaired = false;
    await this.#reporter.report('report-recovered', `${Date.now()}`, {});
  }
}
