import type { Failure } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { NotFoundError } from '@oio/errors';
import { ApprovalDesk } from '../approvals/approval-desk.ts';
import type { SessionEvent } from '../agent-server/events.ts';
import type { TurnMessage } from '../agent-server/messages.ts';
import { failureOfRepeating, type TurnFailure } from '../turn/failure.ts';
import { modelInUse, type QuotaOf, withQuota } from '../turn/quota.ts';
import type { InterruptedReason, Verdict } from '../turn/verdict.ts';
import { stopHungTurn } from './stop-hung-turn.ts';
import { failedTurn, type TurnEnd, type Unsure } from './turn-end.ts';
import type { TurnParts } from './turn-parts.ts';
import { TurnProgress } from './turn-progress.ts';
import { TurnPrompt } from './turn-prompt.ts';
import { TurnReadings } from './turn-readings.ts';
import { type Retrying, type TurnSigns, watchTurn } from './turn-watch.ts';
import { WakeUp } from './wake-up.ts';
import { whenUp } from './when-up.ts';

/** Without any event the messages are read this often: events have no replay. */
const LOOK_MS = 5_000;
/** And so long after a prompt was handed over of which nothing was heard. */
const FIRST_LOOK_MS = 500;
/** A prompt that a predecessor has handed over is stored by then, or it is on a way that nobody can see. */
const LATE_MS = 5_000;

/** Brings one turn to its end: sends the prompt if it is not there, resumes what broke off, reports every finished step. */
export async function driveTurn(parts: TurnParts): Promise<TurnEnd | Unsure> {
  const watching = new AbortController();
  // By hand: `AbortSignal.any` costs four times as much, for each turn.
  const stopWatching = (): void => watching.abort(parts.signal.reason);
  if (parts.signal.aborted) stopWatching();
  else parts.signal.addEventListener('abort', stopWatching);
  const { signal } = watching;
  const turn = new TurnDriver(parts);
  const { sessionId } = parts.order;
  const onWaiting = (waits: boolean): void => turn.readings.noteWaiting(waits);
  const desk = new ApprovalDesk({ ...parts, sessionId, onWaiting, signal });
  const watch = watchTurn({
    ...parts,
    desk,
    ...turn.listener,
    signs: turn.signs,
    hasBegun: parts.isPrepared || parts.sameConversation,
    wakeUp: turn.wakeUp,
    signal,
  });
  const tell = (error: unknown): void => {
    if (!signal.aborted) parts.logger.error({ err: error, sessionId }, 'turn no longer followed');
  };
  const following = Promise.all([watch.catch(tell), desk.run().catch(tell)]);
  try {
    return await turn.run();
  } finally {
    // A reason of our own: without one an exception with its stack would be made for each turn.
    watching.abort('turn ended');
    parts.signal.removeEventListener('abort', stopWatching);
    await following;
  }
}

class TurnDriver {
  readonly wakeUp = new WakeUp();
  readonly signs: TurnSigns;
  readonly readings: TurnReadings;
  readonly #parts: TurnParts;
  readonly #progress: TurnProgress;
  readonly #prompt: TurnPrompt;
  /** Whether the turn was seen or set going by this run; what was aborted before it is resumed. */
  #ranHere = false;
  #againInMs = LOOK_MS;

  constructor(parts: TurnParts) {
    const { order, link, isPrepared, limits, state } = parts;
    this.#parts = parts;
    this.signs = { retrying: null, todos: order.resume?.todos ?? [], listeningSinceMs: null };
    this.#progress = new TurnProgress(parts, this.signs);
    this.#prompt = new TurnPrompt(parts, () => this.#noteHandOver());
    this.readings = new TurnReadings({
      ...parts,
      messageId: order.messageId,
      limits: isPrepared ? { ...limits, arriveMs: LATE_MS } : limits,
      signs: this.signs,
      // A prompt is sent only after the run was reported as prepared, and nothing survives a restart of the server.
      nothingRuns: !isPrepared || link.generation > 0,
    });
    state.settle = (agent, reporter) => this.#progress.settle(agent, reporter);
  }

  /** What the events of the turn are told to. */
  get listener() {
    const { concerns, onEvent, onChild } = this.readings.listener;
    return {
      concerns,
      onEvent: (event: SessionEvent): void => {
        onEvent(event);
        this.#progress.noteEvent(event);
      },
      onChild: (sessionId: string): void => {
        onChild(sessionId);
        this.#progress.noteSubAgent();
      },
    };
  }

  async run(): Promise<TurnEnd | Unsure> {
    const { link, signal, sameConversation, limits, health } = this.#parts;
    const onTrouble = (error: Error) => this.readings.outOfReach(error.message);
    const patience = { signal, onTrouble, connectMs: limits.connectMs, reachedAtMs: () => this.readings.reachedAtMs };
    // In a conversation that was just made there is nothing to read yet.
    let isBlank = !sameConversation;
    const next = () => {
      if (!isBlank) return this.#look();
      isBlank = false;
      return this.#send();
    };
    for (;;) {
      const end = await whenUp(link, next, patience).catch((error: unknown) => this.#lost(error));
      if (end) return end;
      // A clock that runs out is looked at when it does.
      const againInMs = Math.min(this.#againInMs, health.calmInMs);
      await this.wakeUp.wait(Math.min(LOOK_MS, againInMs + 10), signal);
    }
  }

  async #look(): Promise<TurnEnd | Unsure | null> {
    this.#noticeRestart();
    const { verdict, messages } = await this.readings.read();
    if (this.#isAnotherTurn(verdict, messages)) return this.#endOtherTurn();
    const isOver = verdict.type === 'finished' || verdict.type === 'failed';
    if (await this.#progress.follow(messages, { isOver })) this.#prompt.noteStep();
    const reported = this.#reportHealth(verdict, messages);
    if (!isOver) await reported;
    this.#againInMs = LOOK_MS;
    // Others may wait for what is reported; what has to be stopped does not.
    const acting = this.#act(verdict.type === 'failed' ? this.#told(verdict, messages) : verdict);
    const [end] = await Promise.all([acting, reported]);
    if (end?.type !== 'unsure') await this.#progress.tellUsage(messages, end);
    return end;
  }

  /** Of a provider that has named a time it is told with the failure: others wait for it as well. */
  #told<T extends TurnFailure>(end: T, messages: readonly TurnMessage[]): T {
    const { failure, retryAfterMs } = end;
    const quota = this.#quotaIn(messages);
    const resetAtMs = retryAfterMs === null ? null : quota.nowMs + retryAfterMs;
    return { ...end, failure: withQuota(failure, resetAtMs, quota) };
  }

  #quotaIn(messages: readonly TurnMessage[]): QuotaOf {
    const { chosen, clock } = this.#parts;
    const { model, byDefault } = chosen;
    const inUse = modelInUse(messages, { model: `${model.providerId}/${model.modelId}`, byDefault });
    return { ...inUse, nowMs: Date.parse(clock.now()) };
  }

  /** Whether an earlier attempt's turn is what works in the conversation: a prompt would be queued behind it, inside OpenCode. */
  #isAnotherTurn({ type }: Verdict, messages: readonly TurnMessage[]): boolean {
    const { order, isPrepared } = this.#parts;
    if (type !== 'running' || isPrepared || this.#prompt.isSent) return false;
    return !messages.some(({ id }) => id === order.messageId);
  }

  async #endOtherTurn(): Promise<TurnEnd | null> {
    if (await stopHungTurn(this.#parts)) return null;
    const failure = failureOf('stop_unconfirmed', 'The turn of an earlier attempt cannot be ended.');
    return failedTurn({ failure, retryAfterMs: null }, this.#progress.soFar(), null);
  }

  async #act(verdict: Verdict): Promise<TurnEnd | Unsure | null> {
    switch (verdict.type) {
      case 'running':
        return this.#goOn(verdict);
      case 'finished':
        return { type: 'finished', text: verdict.text, finish: verdict.finish, ...this.#progress.soFar() };
      case 'failed':
        return verdict.stillRunning ? this.#giveUp(verdict) : failedTurn(verdict, this.#progress.soFar());
      case 'not_sent':
        return this.#send();
      case 'interrupted':
        return this.#resume(verdict.reason);
      case 'aborted':
        return this.#ranHere ? this.#failed('turn_aborted') : this.#resume();
    }
  }

  #goOn({ retry, againInMs }: Extract<Verdict, { type: 'running' }>): null {
    this.#ranHere = true;
    this.#againInMs = againInMs;
    if (retry) this.#progress.noteTry(retry.attempt);
    return null;
  }

  /** It would not end by itself. */
  async #giveUp(why: TurnFailure): Promise<TurnEnd> {
    const stopped = await stopHungTurn(this.#parts);
    if (stopped) this.#progress.noteStopped(stopped.conversations);
    return failedTurn(why, this.#progress.soFar(), stopped?.proof ?? null);
  }

  async #send(): Promise<TurnEnd | Unsure | null> {
    const refused = await this.#prompt.send();
    this.#againInMs = FIRST_LOOK_MS;
    // Of a server that is heard the first reading waits for news: it has one thread, on which the turn begins just now.
    if (!refused && this.#parts.link.agent().hearing() === null) this.wakeUp.ring();
    return refused?.type === 'given_up' ? failedTurn(refused, this.#progress.soFar()) : refused;
  }

  async #resume(reason?: InterruptedReason): Promise<TurnEnd | null> {
    const refused = await this.#prompt.resume(reason);
    this.#againInMs = FIRST_LOOK_MS;
    return refused && failedTurn(refused, this.#progress.soFar());
  }

  #noteHandOver(): void {
    this.#ranHere = true;
    this.readings.noteSent();
  }

  /** What OpenCode repeats by itself impairs the session while that lasts, and so does doubt whether it lives. */
  async #reportHealth(verdict: Verdict, messages: readonly TurnMessage[]): Promise<void> {
    const { retrying } = this.signs;
    const doubt = verdict.type === 'running' ? verdict.doubt : null;
    const trouble = doubt ?? (retrying && this.#repeating(retrying, messages));
    if (trouble) await this.#parts.health.impaired(trouble);
    else await this.#parts.health.well();
  }

  #repeating({ message, resetAtMs }: Retrying, messages: readonly TurnMessage[]): Failure {
    return withQuota(failureOfRepeating(message), resetAtMs, this.#quotaIn(messages));
  }

  /** After a restart nothing is under way, whatever was before. */
  #noticeRestart(): void {
    if (!this.readings.renew()) return;
    this.#ranHere = false;
    this.signs.retrying = null;
  }

  #lost(error: unknown): TurnEnd {
    if (!(error instanceof NotFoundError)) throw error;
    return this.#failed('conversation_lost');
  }

  #failed(code: 'conversation_lost' | 'turn_aborted'): TurnEnd {
    return failedTurn({ failure: failureOf(code), retryAfterMs: null }, this.#progress.soFar());
  }
}
