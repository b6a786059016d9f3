import {
  type AttemptOrder,
  abortAttempt,
  executeAttempt,
  FIRST_ORDER,
  ORDERS_PER_EPOCH,
  type PayloadOf,
  type ReplyOf,
} from '@oio/contracts';
import { ConflictError, UnavailableError } from '@oio/errors';
import { type Envelope, serviceEnvelope } from '@oio/messaging';
import { gatewayAddress } from '@oio/ownership';
import { leaveInTime, untilTimeIsUp } from '@oio/runtime';
import type { Linked } from '../fleet.ts';
import type { ServerTable } from '../server-table.ts';
import type { DedicatedOrder, DedicatedServer } from '../managed-server/dedicated-server.ts';
import { endRun } from './end-run.ts';
import type { Authority, Gate, RunFences } from './gate.ts';
import { createReporter, StaleRunError } from './report.ts';
import { type AttemptParts, runAttempt, tellResources } from './run-attempt.ts';
import { RunFailure, whyFailed } from './run-failure.ts';
import { gatedLink } from './gated-link.ts';
import { createRunGate, RunAuthority, type RunGate, SupersededError } from './run-gate.ts';
import type { RunState } from './run-state.ts';

/** A gateway that hangs must not hold up its successor for long. */
const FORWARD_MS = 1_500;
/** Beyond the time for the proof: to wait for the gate, and to tell the owner. */
const STOP_MS = 60_000;

/** Why a run is ended from outside. */
type StopReason = 'abort' | 'shutdown' | typeof SUPERSEDED;
const SUPERSEDED = 'superseded';

interface Run {
  readonly order: AttemptOrder;
  /** What it runs on; a server of its own once it has one. */
  linked: Linked;
  dedicated: DedicatedServer | null;
  readonly authority: RunAuthority;
  readonly gate: RunGate;
  readonly state: RunState;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export interface AttemptsParts extends Omit<AttemptParts, 'link' | 'gate' | 'measure' | keyof Linked> {
  /** Starts a server for a run that has limits. */
  readonly dedicate: (order: DedicatedOrder, signal: AbortSignal) => Promise<DedicatedServer>;
  /** The id of this gateway. */
  readonly gateway: string;
  readonly linkedTo: (serverId: string) => Linked | null;
  readonly gate: Gate;
  readonly fences: RunFences;
  readonly table: Pick<ServerTable, 'suspend'>;
}

/** The attempts that this opencode-gateway works on, one run per session. */
export class Attempts implements AsyncDisposable {
  readonly #parts: AttemptsParts;
  readonly #runs = new Map<string, Run>();
  /** Given when the process stops: what is still to be ended or told then is found by the others. */
  readonly #leaving = new AbortController();

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
  }

  has(sessionId: string): boolean {
    return this.#runs.has(sessionId);
  }

  /** Which of these runs are not under way here. */
  missing(attempts: readonly { readonly sessionId: string; readonly token: string }[]): string[] {
    return attempts
      .filter(({ sessionId, token }) => this.#runs.get(sessionId)?.order.token !== token)
      .map(({ sessionId }) => sessionId);
  }

  /** Begins to work on an order, unless that is under way, here or with another gateway that is well. */
  async execute(order: AttemptOrder): Promise<ReplyOf<typeof executeAttempt>> {
    if (!this.#runs.has(order.sessionId) && order.epoch > 1 && order.fence % ORDERS_PER_EPOCH <= FIRST_ORDER) {
      // A new owner does not know yet who is at work, and one that is well should stay so.
      const taken = await this.#forward(order.sessionId, order.tenant, (options, envelope) =>
        this.#parts.bus.request(executeAttempt, order, envelope, options),
      );
      if (taken) return taken;
    }
    // One that was held up while another acted for it does not know what that has done: it must not be given new authority.
    await this.dropSuperseded([order.sessionId]);
    return this.#take(order);
  }

  /** Begins to work on an order, or does nothing if that is under way here. Throws `ConflictError` code `stale_order`. */
  #take(order: AttemptOrder): ReplyOf<typeof executeAttempt> {
    const { gateway, router } = this.#parts;
    router.hear(order.sessionId, order.owner);
    const present = this.#acting(order.sessionId);
    if (present?.order.token === order.token) {
      present.authority.raise(order);
      return { state: 'already_running', gateway };
    }
    if (present && order.fence < present.authority.present.fence)
      throw new ConflictError(`A later order for session ${order.sessionId} is known.`, { code: 'stale_order' });
    const linked = this.#reachable(order.serverId);
    // What the old run has left to stop, it stops in the name of the new owner.
    present?.authority.raise(order);
    present?.stop.abort('abort' satisfies StopReason);
    this.#start(order, linked, this.#runs.get(order.sessionId)?.done ?? Promise.resolve());
    return { state: 'started', gateway };
  }

  /** Ends a run that is under way here, or with the gateway that acted for the session last. */
  async abort(order: PayloadOf<typeof abortAttempt>, tenant: string): Promise<ReplyOf<typeof abortAttempt>> {
    if (this.abortHere(order)) return { state: 'aborting' };
    const { bus } = this.#parts;
    const there = await this.#forward(order.sessionId, tenant, (options, envelope) =>
      bus.request(abortAttempt, order, envelope, options),
    );
    return there ?? { state: 'unknown' };
  }

  /** Ends a run if it is under way here; whether it is. */
  abortHere(order: Authority & Pick<AttemptOrder, 'sessionId' | 'token'>): boolean {
    const run = this.#acting(order.sessionId);
    if (run?.order.token !== order.token) return false;
    run.authority.raise(order);
    run.stop.abort('abort' satisfies StopReason);
    return true;
  }

  /** Lets go of the runs that others have taken over while this process was held up. */
  async dropSuperseded(sessionIds: Iterable<string> = this.#runs.keys()): Promise<void> {
    const fences = new Map<string, number>();
    for (const id of sessionIds) {
      const run = this.#runs.get(id);
      if (run) fences.set(id, run.authority.present.fence);
    }
    if (fences.size === 0) return;
    const runs = Array.from(fences, ([sessionId, fence]) => ({ sessionId, fence }));
    for (const sessionId of await this.#parts.fences.superseded(runs)) {
      const run = this.#runs.get(sessionId);
      if (run?.authority.present.fence === fences.get(sessionId)) run?.stop.abort(SUPERSEDED);
    }
  }

  /** Leaves the turns running on their servers: the next gateway adopts them. */
  async [Symbol.asyncDispose](): Promise<void> {
    const runs = [...this.#runs.values()];
    for (const { stop } of runs) stop.abort('shutdown' satisfies StopReason);
    this.#leaving.abort('shutdown' satisfies StopReason);
    await leaveInTime(Promise.all(runs.map(({ done }) => done)));
  }

  /** Passes a message on to the gateway that acted for a session last; null when that is this one, is not there, or does not answer. */
  async #forward<R>(
    sessionId: string,
    tenant: string,
    ask: (options: { to: string; timeoutMs: number }, envelope: Envelope) => Promise<R>,
  ): Promise<R | null> {
    const holder = await this.#parts.fences.holder(sessionId);
    if (!holder || holder === this.#parts.gateway) return null;
    const envelope = serviceEnvelope('opencode-gateway', { tenant, sessionId });
    return ask({ to: gatewayAddress(holder), timeoutMs: FORWARD_MS }, envelope).catch(() => null);
  }

  /** The run of a session here, but for one that only ends because another gateway has taken over. */
  #acting(sessionId: string): Run | null {
    const run = this.#runs.get(sessionId);
    return run && run.stop.signal.reason !== SUPERSEDED ? run : null;
  }

  #reachable(serverId: string): Linked {
    const linked = this.#parts.linkedTo(serverId);
    if (linked?.link.up) return linked;
    throw new UnavailableError(`The OpenCode server ${serverId} cannot be reached from here.`, { code: 'no_server' });
  }

  #start(order: AttemptOrder, linked: Linked, predecessor: Promise<void>): void {
    const { sessionId, token } = order;
    const authority = new RunAuthority(order);
    const stop = new AbortController();
    const run: Run = {
      order,
      linked,
      dedicated: null,
      authority,
      gate: createRunGate({ ...this.#parts, sessionId, token, authority }),
      state: { openCodeSession: null, mayWork: order.prepared, sentAtMs: null, settle: null },
      stop,
      done: predecessor.then(() => this.#run(run)),
    };
    this.#runs.set(sessionId, run);
  }

  async #run(run: Run): Promise<void> {
    const { order, stop } = run;
    const { logger } = this.#parts;
    try {
      stop.signal.throwIfAborted();
      await this.#work(run).catch((error: unknown) => this.#ended(run, error));
    } catch (error) {
      // The search for leftovers ends what is left of it.
      logger.warn({ err: error, sessionId: order.sessionId, run: order.token }, 'run not ended cleanly');
    } finally {
      await this.#endDedicated(run);
      if (this.#runs.get(order.sessionId) === run) this.#runs.delete(order.sessionId);
    }
  }

  async #work(run: Run): Promise<void> {
    const { order, gate, state, stop } = run;
    const { limits } = order;
    if (limits) {
      run.dedicated = await this.#parts.dedicate({ ...order, limits }, stop.signal);
      run.linked = { ...run.linked, ...run.dedicated.place };
    }
    const { dedicated, linked } = run;
    const link = gatedLink(linked.link, gate, stop.signal);
    const signal = dedicated ? AbortSignal.any([stop.signal, dedicated.broken]) : stop.signal;
    const parts = { ...this.#parts, ...linked, link, gate, measure: () => measured(run) };
    await runAttempt(parts, order, state, signal).catch((error: unknown) => {
      // Why its server was given up says more than what that led to.
      if (!stop.signal.aborted) dedicated?.broken.throwIfAborted();
      throw error;
    });
  }

  async #endDedicated({ dedicated, order }: Run): Promise<void> {
    await dedicated?.end().catch((error: unknown) => {
      this.#parts.logger.error({ err: error, sessionId: order.sessionId }, 'dedicated opencode server not ended');
    });
  }

  async #ended(run: Run, error: unknown): Promise<void> {
    const { order, state, stop } = run;
    const reason = stop.signal.aborted ? (stop.signal.reason as StopReason) : null;
    if (reason === 'shutdown') return;
    if (reason === SUPERSEDED || error instanceof SupersededError) return this.#letGo(order, error);
    if (reason === null && !(error instanceof StaleRunError)) return this.#failed(run, error);
    // Of what a predecessor has begun only the store knows.
    if (!state.openCodeSession && order.prepared) return this.#letGo(order, error);
    await this.#stop(run);
  }

  async #stop(run: Run): Promise<void> {
    const { order, linked, dedicated, gate, state } = run;
    const signal = this.#within(this.#parts.limits.stopMs + STOP_MS);
    const { router, table, limits, logger } = this.#parts;
    await endRun({
      ...state,
      settle: async (agent, reporter) => {
        await state.settle?.(agent, reporter);
        await tellResources(reporter, () => measured(run));
      },
      link: gatedLink(linked.link, gate, signal),
      ref: state.openCodeSession,
      endProcesses: linked.endProcesses,
      // What this process has sent has arrived; of a predecessor nobody knows.
      latePrompt: order.prepared && state.sentAtMs === null ? order.messageId : null,
      sessionId: order.sessionId,
      proveWithinMs: limits.stopMs,
      mayAct: (waiting) => gate.confirm(waiting),
      reporter: createReporter(router, order, signal),
      // One of its own is ended in any case.
      suspend: async (why) => (dedicated ? undefined : table.suspend(order.serverId, why)),
      logger,
      signal,
    });
  }

  #within(ms: number): AbortSignal {
    return untilTimeIsUp(this.#leaving.signal, ms);
  }

  #letGo({ sessionId, token }: AttemptOrder, why: unknown): void {
    this.#parts.logger.info({ err: why, sessionId, run: token }, 'run left to others');
  }

  /** What the server refuses, or a defect of ours, must not leave a session running for ever. Nor must its turn work on. */
  async #failed(run: Run, error: unknown): Promise<void> {
    const { order, dedicated, state } = run;
    const level = error instanceof RunFailure ? 'info' : 'error';
    this.#parts.logger[level]({ err: error, sessionId: order.sessionId, run: order.token }, 'run failed');
    const reporter = createReporter(this.#parts.router, order, this.#within(STOP_MS));
    await tellResources(reporter, () => measured(run));
    await this.#endDedicated(run);
    const mayStillRun = state.mayWork && !dedicated;
    await reporter.report('report-failed', 'end', { steps: [], resume: null, failure: whyFailed(error), mayStillRun });
    // Of what a predecessor has begun only the store knows: the search for leftovers ends it.
    if (mayStillRun && state.openCodeSession) await this.#stop(run);
  }
}

function measured({ dedicated, linked, order }: Run): ReturnType<AttemptParts['measure']> {
  return dedicated?.resources() ?? Promise.resolve(linked.tookAlone(order.sessionId));
}
