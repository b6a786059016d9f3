import type { AttemptOrder, abortAttempt, executeAttempt, ReplyOf } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { createReporter, StaleRunError } from './report.ts';
import { type AttemptParts, runAttempt } from './run-attempt.ts';
import type { RunState } from './run-state.ts';
import { stopTurn } from './stop-turn.ts';

/** Why a run is ended from outside. */
type StopReason = 'abort' | 'shutdown';

interface Run {
  readonly order: AttemptOrder;
  readonly state: RunState;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** The attempts that this opencode-gateway works on, one run per session. */
export class Attempts implements AsyncDisposable {
  readonly #parts: AttemptParts;
  readonly #runs = new Map<string, Run>();

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  has(sessionId: string): boolean {
    return this.#runs.has(sessionId);
  }

  /** Begins to work on an order, or does nothing if that is under way. */
  async execute(order: AttemptOrder): Promise<ReplyOf<typeof executeAttempt>> {
    const present = this.#runs.get(order.sessionId);
    if (present?.order.token === order.token) return { state: 'already_running' };
    if (present) {
      present.stop.abort('abort' satisfies StopReason);
      await present.done;
    }
    // Another order may have come while the old run ended.
    if (this.#runs.has(order.sessionId)) return this.execute(order);
    this.#start(order);
    return { state: 'started' };
  }

  async abort(sessionId: string, token: string): Promise<ReplyOf<typeof abortAttempt>> {
    const run = this.#runs.get(sessionId);
    if (run?.order.token !== token) return { state: 'unknown' };
    run.stop.abort('abort' satisfies StopReason);
    return { state: 'aborting' };
  }

  /** Leaves the turns running on their servers: the next gateway adopts them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const { stop } of runs) stop.abort('shutdown' satisfies StopReason);
    await Promise.all(runs.map(({ done }) => done));
  }

  #start(order: AttemptOrder): void {
    const stop = new AbortController();
    const state: RunState = { openCodeSession: null, sentAtMs: null };
    const done = runAttempt(this.#parts, order, state, stop.signal)
      .catch((error: unknown) => this.#ended(order, state, stop.signal, error))
      .catch((error: unknown) =>
        // The search for leftovers ends what is left of it.
        this.#parts.logger.warn({ err: error, sessionId: order.sessionId, run: order.token }, 'run not ended cleanly'),
      )
      .finally(() => this.#runs.delete(order.sessionId));
    this.#runs.set(order.sessionId, { order, state, stop, done });
  }

  async #ended(order: AttemptOrder, state: RunState, signal: AbortSignal, error: unknown): Promise<void> {
    if (signal.aborted && signal.reason === ('shutdown' satisfies StopReason)) return;
    if (!signal.aborted && !(error instanceof StaleRunError)) return this.#failed(order, error);
    const proof = state.openCodeSession
      ? await stopTurn(this.#parts.link.agent(), state.openCodeSession, state)
      : 'It had not begun.';
    const reporter = createReporter(this.#parts.router, order, AbortSignal.timeout(60_000));
    await reporter.report('report-closed', 'closed', { proof });
  }

  /** A defect of ours must not leave a session running for ever. */
  async #failed(order: AttemptOrder, error: unknown): Promise<void> {
    this.#parts.logger.error({ err: error, sessionId: order.sessionId, run: order.token }, 'run failed');
    const reporter = createReporter(this.#parts.router, order, AbortSignal.timeout(60_000));
    const message = error instanceof Error ? error.message.slice(0, 500) : 'unknown';
    await reporter.report('report-failed', 'end', { steps: [], resume: null, failure: failureOf('internal', message) });
  }
}
