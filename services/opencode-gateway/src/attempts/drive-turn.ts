import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptOrder, FinishedStep, ResumePoint, StopProof } from '@oio/contracts';
import { type FailureCode, failureOf } from '@oio/domain';
import { AppError, CancelledError, NotFoundError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import { ApprovalDesk } from '../approvals/approval-desk.ts';
import type { ApprovalRecords } from '../approvals/approval-records.ts';
import type { AgentServer, SessionEvent, SessionRef, TurnMessage } from '../ports.ts';
import type { AwaitPromptTurn } from '../prompt-limit.ts';
import type { ServerLink } from '../server-link.ts';
import { failureOfRepeating, type TurnFailure } from '../turn/failure.ts';
import type { TurnLimits } from '../turn/turn-limits.ts';
import type { InterruptedReason, Verdict } from '../turn/verdict.ts';
import type { ChosenAgent } from './choose-agent.ts';
import { promptText } from './prompt-text.ts';
import type { KeepFiles } from './keep-files.ts';
import type { Reporter } from './report.ts';
import type { RunState } from './run-state.ts';
import { stopHungTurn } from './stop-hung-turn.ts';
import type { EndTurnProcesses } from './stop-turn.ts';
import { emptyResumePoint, type ReportableStep, unreportedSteps } from './steps-reported.ts';
import { TurnAccount } from './turn-account.ts';
import type { TurnHealth } from './turn-health.ts';
import { TurnReadings } from './turn-readings.ts';
import { type TurnSigns, watchTurn } from './turn-watch.ts';
import { WakeUp } from './wake-up.ts';
import { whenUp } from './when-up.ts';

/** Without any event the messages are read this often: events have no replay. */
const LOOK_MS = 5_000;
/** A turn that breaks off this often without a step in between is given up. */
const RESUMES = 5;
const SENDS = 2;
const CLOSE_MS = 100;
const CLOSE_TRIES = 5;
/** A prompt that a predecessor has handed over is stored by then, or it is on a way that nobody can see. */
const LATE_MS = 5_000;

export interface TurnParts {
  readonly link: ServerLink;
  readonly bus: Bus;
  readonly order: AttemptOrder;
  readonly ref: SessionRef;
  /** Whether the conversation is the one that earlier attempts of the session had. */
  readonly sameConversation: boolean;
  /** Whether a predecessor may have sent the prompt, or may be about to. */
  readonly isPrepared: boolean;
  readonly chosen: ChosenAgent;
  readonly reporter: Reporter;
  readonly health: TurnHealth;
  readonly limits: TurnLimits;
  readonly state: RunState;
  readonly awaitPromptTurn: AwaitPromptTurn;
  readonly files: KeepFiles;
  readonly endProcesses: EndTurnProcesses;
  readonly records: ApprovalRecords;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** With the steps that were not reported on the way: an end saves a message for each of them. */
export type TurnEnd = { readonly steps: FinishedStep[]; readonly resume: ResumePoint } & (
  | { readonly type: 'finished'; readonly text: string; readonly finish: string }
  | ({ readonly type: 'failed'; readonly mayStillRun: boolean; readonly stop?: StopProof } & TurnFailure)
);

/** The prompt is not there, and a predecessor of this run may still send it: it must not be sent here. */
interface Unsure {
  readonly type: 'unsure';
}

/** Brings one turn to its end: sends the prompt if it is not there, resumes what broke off, reports every finished step. */
export async function driveTurn(parts: TurnParts): Promise<TurnEnd | Unsure> {
  const watching = new AbortController();
  const signal = AbortSignal.any([parts.signal, watching.signal]);
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
    await following;
  }
}

class TurnDriver {
  readonly wakeUp = new WakeUp();
  /** Finished steps that the end of the turn tells of. */
  #steps: ReportableStep[] = [];
  readonly #account: TurnAccount;
  readonly signs: TurnSigns;
  readonly readings: TurnReadings;
  readonly #parts: TurnParts;
  #lastStepId: string | null;
  #resume: ResumePoint;
  /** Whether the turn was seen or set going by this run; what was aborted before it is resumed. */
  #ranHere = false;
  #sends = 0;
  #againInMs = LOOK_MS;
  #resumes = 0;

  constructor(parts: TurnParts) {
    const { order, link, ref, isPrepared, limits } = parts;
    this.#parts = parts;
    this.#lastStepId = order.lastStepId;
    this.#resume = order.resume ?? emptyResumePoint(ref.sessionId);
    this.#account = new TurnAccount(parts);
    parts.state.settle = (agent, reporter) => this.#settle(agent, reporter);
    this.signs = { retrying: null, todos: this.#resume.todos, listeningSinceMs: null };
    this.readings = new TurnReadings({
      ...parts,
      messageId: order.messageId,
      limits: isPrepared ? { ...limits, arriveMs: LATE_MS } : limits,
      signs: this.signs,
      // A prompt is sent only after the run was reported as prepared, and nothing survives a restart of the server.
      nothingRuns: !isPrepared || link.generation > 0,
    });
  }

  /** What the events of the turn are told to. */
  get listener() {
    const { concerns, onEvent, onChild } = this.readings.listener;
    return {
      concerns,
      onEvent: (event: SessionEvent): void => {
        onEvent(event);
        this.#account.noteEvent(event);
      },
      onChild: (sessionId: string): void => {
        onChild(sessionId);
        this.#account.noteSubAgent();
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
    const news = this.#newSteps(messages);
    // What the end of the turn tells need not be told before.
    if (verdict.type === 'finished' || verdict.type === 'failed') this.#steps.push(...news);
    else await this.#tell(this.#parts.reporter, news);
    await this.#reportHealth(verdict);
    if (verdict.type === 'running' && verdict.retry) this.#account.noteTry(verdict.retry.attempt);
    this.#againInMs = verdict.type === 'running' ? verdict.againInMs : LOOK_MS;
    const end = await this.#act(verdict);
    if (end?.type !== 'unsure') await this.#tellUsage(messages, end);
    return end;
  }

  /** Only the last of several steps has left the files as they are now. */
  async #tell(reporter: Reporter, news: readonly ReportableStep[]): Promise<void> {
    for (const { step, resume } of news) {
      const fileSnapshot = step === news.at(-1)?.step ? await this.#parts.files() : null;
      await reporter.report('report-step', step.stepId, { step, resume: { ...resume, fileSnapshot } });
    }
  }

  /** Whether an earlier attempt's turn is what works in the conversation: a prompt would be queued behind it, inside OpenCode. */
  #isAnotherTurn({ type }: Verdict, messages: readonly TurnMessage[]): boolean {
    const { order, isPrepared } = this.#parts;
    if (type !== 'running' || isPrepared || this.#sends > 0) return false;
    return !messages.some(({ id }) => id === order.messageId);
  }

  async #endOtherTurn(): Promise<TurnEnd | null> {
    if (await stopHungTurn(this.#parts)) return null;
    const failure = failureOf('stop_unconfirmed', 'The turn of an earlier attempt cannot be ended.');
    return this.#failedBy({ failure, retryAfterMs: null }, null);
  }

  async #act(verdict: Verdict): Promise<TurnEnd | Unsure | null> {
    switch (verdict.type) {
      case 'running':
        this.#ranHere = true;
        return null;
      case 'finished':
        return { type: 'finished', text: verdict.text, finish: verdict.finish, ...this.#sofar() };
      case 'failed':
        return this.#failedBy(verdict, verdict.stillRunning ? await stopHungTurn(this.#parts) : 'ended');
      case 'not_sent':
        return this.#send();
      case 'interrupted':
        return this.#resumeTurn(verdict.reason);
      case 'aborted':
        return this.#ranHere ? this.#failed('turn_aborted') : this.#resumeTurn();
    }
  }

  async #send(): Promise<TurnEnd | Unsure | null> {
    if (this.#parts.isPrepared && this.#sends === 0) return { type: 'unsure' };
    this.#sends += 1;
    if (this.#sends > SENDS) return this.#failed('prompt_rejected');
    const { order, sameConversation, awaitPromptTurn, signal } = this.#parts;
    await awaitPromptTurn(signal);
    this.#started();
    await this.#parts.link.agent().prompt({ ...this.#prompt(), text: promptText(order, sameConversation) });
    // It may be answered already.
    this.wakeUp.ring();
    return null;
  }

  async #resumeTurn(reason?: InterruptedReason): Promise<TurnEnd | null> {
    this.#resumes += 1;
    if (reason === 'never_started') this.#sends += 1;
    if (this.#sends > SENDS) return this.#failed('prompt_rejected');
    if (this.#resumes > RESUMES)
      return this.#failed(
        'turn_interrupted',
        `The turn broke off ${RESUMES} times without a finished step in between.`,
      );
    await this.#parts.awaitPromptTurn(this.#parts.signal);
    this.#started();
    await this.#parts.link.agent().resume(this.#prompt());
    return null;
  }

  #started(): void {
    this.#ranHere = true;
    this.#parts.state.sentAtMs = performance.now();
    this.readings.noteSent();
  }

  #prompt() {
    const { order, ref, chosen } = this.#parts;
    const { agent, model, system, tools } = chosen;
    return { ...ref, messageId: order.messageId, agent, model, ...(system && { system }), ...(tools && { tools }) };
  }

  #newSteps(messages: readonly TurnMessage[]): readonly ReportableStep[] {
    const { order, ref } = this.#parts;
    const state = { lastStepId: this.#lastStepId, openCodeSessionId: ref.sessionId, todos: this.signs.todos };
    return unreportedSteps(messages, order, state).map(({ messageId, step, resume }) => {
      const apiErrors = this.#account.errorsBefore(messageId);
      this.#lastStepId = step.stepId;
      this.#resume = resume;
      this.#resumes = 0;
      return { messageId, step: { ...step, apiErrors }, resume };
    });
  }

  /** What cannot be read is missing from the account, and said so: the turn has come to what it has come to. */
  async #tellUsage(messages: readonly TurnMessage[], end: TurnEnd | null): Promise<void> {
    const { link, reporter } = this.#parts;
    try {
      const found = end?.type === 'failed' ? await this.#closedMessages() : messages;

      await this.#account.tell(link.agent(), reporter, { messages: found, all: end !== null });
    } catch (error) {
      if (!(error instanceof AppError) || error instanceof CancelledError) throw error;
      if (end) await reporter.report('report-warning', 'usage', incomplete(error));
    }
  }

  /** Why a call failed is written down a moment after it is told. */
  async #closedMessages(): Promise<readonly TurnMessage[]> {
    const { link, ref, signal } = this.#parts;
    for (let tries = 1; ; tries += 1) {
      const messages = await link.agent().messages(ref);
      const last = messages.at(-1);
      if (tries === CLOSE_TRIES || last?.error || last?.completedAtMs) return messages;
      await delay(CLOSE_MS, undefined, { signal });
    }
  }

  /** After a stop: what has ended until then, and is not told of yet. */
  async #settle(agent: AgentServer, reporter: Reporter): Promise<void> {
    const messages = await agent.messages(this.#parts.ref);
    await this.#tell(reporter, [...this.#steps, ...this.#newSteps(messages)]);
    await this.#account.tell(agent, reporter, { messages, all: true });
  }

  /** What OpenCode repeats by itself impairs the session while that lasts, and so does doubt whether it lives. */
  async #reportHealth(verdict: Verdict): Promise<void> {
    const { retrying } = this.signs;
    const doubt = verdict.type === 'running' ? verdict.doubt : null;
    const trouble = doubt ?? (retrying && failureOfRepeating(retrying.message));
    if (trouble) await this.#parts.health.impaired(trouble);
    else await this.#parts.health.well();
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

  #failed(code: FailureCode, message?: string): TurnEnd {
    return this.#failedBy({ failure: failureOf(code, message), retryAfterMs: null });
  }

  #failedBy({ failure, retryAfterMs }: TurnFailure, stop: StopProof | 'ended' | null = 'ended'): TurnEnd {
    const proof = stop !== null && stop !== 'ended' && { stop };
    return { type: 'failed', failure, retryAfterMs, mayStillRun: stop === null, ...proof, ...this.#sofar() };
  }

  #sofar() {
    return { steps: this.#steps.map(({ step }) => step), resume: this.#resume };
  }
}

function incomplete({ message }: AppError) {
  return { type: 'usage_incomplete', message: `What sub-agents took could not be read to the end: ${message}` };
}
