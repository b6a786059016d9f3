import type { SessionRouter } from '@oio/ownership';
import { type Logger, untilTimeIsUp } from '@oio/runtime';
import type { Linked } from '../fleet.ts';
import type { ServerTable } from '../server-table.ts';
import type { Attempts } from './attempts.ts';
import { endRun, unconfirmed } from './end-run.ts';
import type { Authority, Gate, RunFences } from './gate.ts';
import type { TurnLimits } from '../turn/turn-limits.ts';
import { createReporter } from './report.ts';
import { gatedLink } from './gated-link.ts';
import { createRunGate, RunAuthority } from './run-gate.ts';

/** A run whose session no longer works, but of which nobody has shown that it ended. */
export interface LeftoverRun extends Authority {
  readonly sessionId: string;
  readonly tenant: string;
  readonly token: string;
  readonly messageId: string | null;
  readonly openCodeSessionId: string | null;
  readonly directory: string | null;
  /** Whether somebody has said already that it cannot be shown. */
  readonly isUnconfirmed: boolean;
}

/** Finds such runs of a server in the store, and makes this gateway the one that acts for them. */
export interface LeftoverRuns {
  /** Those that were left behind for at least so long. */
  claim(serverId: string, minAgeSeconds: number): Promise<readonly LeftoverRun[]>;
}

export interface LeftoverParts {
  readonly runs: LeftoverRuns;
  readonly attempts: Pick<Attempts, 'abortHere' | 'has'>;
  readonly gate: Gate;
  readonly fences: Pick<RunFences, 'isWorking'>;
  readonly limits: Pick<TurnLimits, 'stopMs'>;
  readonly router: SessionRouter;
  /** Ends the server that a session had for itself: the proof, or null when it had none. */
  readonly endOwnServer: (sessionId: string) => Promise<string | null>;
  readonly table: Pick<ServerTable, 'suspend' | 'reinstate'>;
  readonly logger: Logger;
}

/** Beyond the time for the proof: to wait for the gate, and to tell the owner. */
const STOP_MS = 60_000;
/** Young ones are left to the order that is under way. */
const YOUNG_SECONDS = 3;
/** Beyond the time for the proof, a server that cannot be reached may do anything: who still reaches it has ended its runs by then. */
const LOST_MS = 10_000;

/** Ends what was to be aborted when nobody was there to do it: after a crash between the decision and the deed. */
export class Leftovers implements AsyncDisposable {
  readonly #parts: LeftoverParts;
  /** By session: one that cannot be ended holds up no other. */
  readonly #ending = new Map<string, Promise<void>>();
  /** Since when servers are out of reach from here, in `performance.now()`. */
  readonly #lostAtMs = new Map<string, number>();
  readonly #leaving = new AbortController();

  constructor(parts: LeftoverParts) {
    this.#parts = parts;
  }

  /** Begins to end what the store knows of on this server. */
  async look(linked: Linked): Promise<void> {
    const { serverId, up } = linked.link;
    if (up) this.#lostAtMs.delete(serverId);
    else if (!this.#isLost(serverId)) return;
    const found = await this.#parts.runs.claim(serverId, up ? YOUNG_SECONDS : this.#lostMs / 1_000);
    for (const run of found) {
      // The order that should have ended it was lost.
      if (this.#parts.attempts.abortHere(run)) continue;
      if (this.#parts.attempts.has(run.sessionId) || this.#ending.has(run.sessionId)) continue;
      this.#ending.set(run.sessionId, this.#end(linked, run));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort('leaving');
    await Promise.all(this.#ending.values());
  }

  get #lostMs(): number {
    return this.#parts.limits.stopMs + LOST_MS;
  }

  #isLost(serverId: string): boolean {
    const lostAtMs = this.#lostAtMs.get(serverId) ?? performance.now();
    this.#lostAtMs.set(serverId, lostAtMs);
    return performance.now() - lostAtMs >= this.#lostMs;
  }

  async #end(linked: Linked, run: LeftoverRun): Promise<void> {
    const { sessionId, token } = run;
    try {
      if (await this.#stopOwn(linked, run)) return;
      if (linked.link.up) await this.#stop(linked, run);
      else if (!run.isUnconfirmed)
        await unconfirmed(this.#endOf(linked, run), 'Its OpenCode server cannot be reached.');
    } catch (error) {
      this.#parts.logger.warn({ err: error, sessionId, run: token }, 'leftover run not ended');
    } finally {
      this.#ending.delete(sessionId);
    }
  }

  /** A server of its own is ended whatever it does; whether there was one. */
  async #stopOwn(linked: Linked, run: LeftoverRun): Promise<boolean> {
    const { mayAct, signal, reporter } = this.#endOf(linked, run);
    await mayAct(signal);
    const proof = await this.#parts.endOwnServer(run.sessionId);
    if (proof) await reporter.report('report-closed', 'closed', { proof });
    return proof !== null;
  }

  async #stop(linked: Linked, run: LeftoverRun): Promise<void> {
    const isProven = await endRun(this.#endOf(linked, run));
    if (isProven && run.isUnconfirmed) await this.#parts.table.reinstate(linked.link.serverId);
  }

  #endOf({ link, endProcesses }: Linked, run: LeftoverRun) {
    const { gate, fences, router, table, limits, logger } = this.#parts;
    const { sessionId, tenant, token, openCodeSessionId, directory, messageId } = run;
    const runGate = createRunGate({ gate, fences, sessionId, token, authority: new RunAuthority(run) });
    const signal = untilTimeIsUp(this.#leaving.signal, limits.stopMs + STOP_MS);
    return {
      link: gatedLink(link, runGate, signal),
      ref: openCodeSessionId !== null && directory !== null ? { sessionId: openCodeSessionId, directory } : null,
      sentAtMs: null,
      latePrompt: messageId,
      endProcesses,
      sessionId,
      proveWithinMs: limits.stopMs,
      mayAct: (waiting: AbortSignal) => runGate.confirm(waiting),
      reporter: createReporter(router, { sessionId, tenant, token }, signal),
      // Once is enough: it was started anew since, or somebody has let it in again.
      suspend: async (why: string) => (run.isUnconfirmed ? undefined : table.suspend(link.serverId, why)),
      logger,
      signal,
    };
  }
}
