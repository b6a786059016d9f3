import { setTimeout as delay } from 'node:timers/promises';
import { emptyResumePoint } from '@oio/domain';
import { AppError, CancelledError } from '@oio/errors';
import type { SessionEvent } from '../agent-server/events.ts';
import type { TurnMessage } from '../agent-server/messages.ts';
import type { AgentServer } from '../ports.ts';
import type { Reporter } from './report.ts';
import { type ReportableStep, unreportedSteps } from './steps-reported.ts';
import type { Conversations } from './stop-turn.ts';
import { TurnAccount } from './turn-account.ts';
import type { TurnEnd, TurnWork } from './turn-end.ts';
import type { TurnParts } from './turn-parts.ts';
import type { TurnSigns } from './turn-watch.ts';

const CLOSE_MS = 100;
const CLOSE_TRIES = 5;
/** A message holds no more steps. Of a turn that went on without a gateway there may be more. */
const TOLD_AT_THE_END = 200;

type Parts = Pick<TurnParts, 'link' | 'order' | 'ref' | 'reporter' | 'files' | 'signal'>;

/** What a turn has done and taken so far, read from its messages; the owner is told each step and each call once. */
export class TurnProgress {
  readonly #parts: Parts;
  readonly #signs: Pick<TurnSigns, 'todos'>;
  readonly #account: TurnAccount;
  /** Finished steps that the end of the turn tells of. */
  #untold: ReportableStep[] = [];
  #lastStepId: string | null;
  #resume: TurnWork['resume'];
  /** What the stop of the turn has read last. */
  #stopped: Conversations | null = null;

  constructor(parts: Parts, signs: Pick<TurnSigns, 'todos'>) {
    const { order, ref } = parts;
    this.#parts = parts;
    this.#signs = signs;
    this.#account = new TurnAccount(parts);
    this.#lastStepId = order.lastStepId;
    this.#resume = order.resume ?? emptyResumePoint(ref.sessionId);
  }

  noteEvent(event: SessionEvent): void {
    this.#account.noteEvent(event);
  }

  noteSubAgent(): void {
    this.#account.noteSubAgent();
  }

  /** The provider has failed so often for the message that the turn waits for. */
  noteTry(number: number): void {
    this.#account.noteTry(number);
  }

  noteStopped(conversations: Conversations): void {
    this.#stopped = conversations;
  }

  /** Takes the finished steps that are new; what the end of the turn tells need not be told before. Whether there were any. */
  async follow(messages: readonly TurnMessage[], { isOver }: { readonly isOver: boolean }): Promise<boolean> {
    const news = this.#newSteps(messages);
    if (isOver) await this.#keepForTheEnd(news);
    else await this.#tell(this.#parts.reporter, news);
    return news.length > 0;
  }

  /** What the end of the turn has to tell. */
  soFar(): TurnWork {
    return { steps: this.#untold.map(({ step }) => step), resume: this.#resume };
  }

  /** What cannot be read is missing from the account, and said so: the turn has come to what it has come to. */
  async tellUsage(messages: readonly TurnMessage[], end: TurnEnd | null): Promise<void> {
    const { link, reporter } = this.#parts;
    try {
      const found = end?.type === 'failed' ? await this.#closedMessages() : messages;
      const read = { messages: found, all: end !== null, conversations: this.#stopped };
      await this.#account.tell(link.agent(), reporter, read);
    } catch (error) {
      if (!(error instanceof AppError) || error instanceof CancelledError) throw error;
      if (end) await reporter.report('report-warning', 'usage', incomplete(error));
    }
  }

  /** After a stop: what has ended until then, and is not told of yet. */
  async settle(agent: AgentServer, reporter: Reporter): Promise<void> {
    const messages = await agent.messages(this.#parts.ref);
    await this.#tell(reporter, [...this.#untold, ...this.#newSteps(messages)]);
    await this.#account.tell(agent, reporter, { messages, all: true });
  }

  #newSteps(messages: readonly TurnMessage[]): readonly ReportableStep[] {
    const { order, ref } = this.#parts;
    const state = { lastStepId: this.#lastStepId, openCodeSessionId: ref.sessionId, todos: this.#signs.todos };
    return unreportedSteps(messages, order, state).map(({ messageId, step, resume }) => {
      const apiErrors = this.#account.errorsBefore(messageId);
      this.#lastStepId = step.stepId;
      this.#resume = resume;
      return { messageId, step: { ...step, apiErrors }, resume };
    });
  }

  async #keepForTheEnd(news: readonly ReportableStep[]): Promise<void> {
    this.#untold.push(...news);
    const tooMany = this.#untold.splice(0, Math.max(0, this.#untold.length - TOLD_AT_THE_END));
    for (const { step, resume } of tooMany) await this.#report(this.#parts.reporter, step, resume);
  }

  /** Only the last of several steps has left the files as they are now. */
  async #tell(reporter: Reporter, news: readonly ReportableStep[]): Promise<void> {
    for (const { step, resume } of news) {
      const fileSnapshot = step === news.at(-1)?.step ? await this.#parts.files() : null;
      await this.#report(reporter, step, { ...resume, fileSnapshot });
    }
  }

  async #report(reporter: Reporter, step: ReportableStep['step'], resume: ReportableStep['resume']): Promise<void> {
    await reporter.report('report-step', step.stepId, { step, resume });
  }

  /** Why a call failed is written down a moment after it is told. */
  async #closedMessages(): Promise<readonly TurnMessage[]> {
    const { link, ref, signal } = this.#parts;
    const known = this.#stopped?.get(ref.sessionId);
    if (known) return known;
    for (let tries = 1; ; tries += 1) {
      const messages = await link.agent().messages(ref);
      if (tries === CLOSE_TRIES || !isOpen(messages.at(-1))) return messages;
      await delay(CLOSE_MS, undefined, { signal });
    }
  }
}

/** Whether it is an answer whose end is not written down yet. */
function isOpen(last: TurnMessage | undefined): boolean {
  return last?.role === 'assistant' && last.error === null && last.completedAtMs === null;
}

function incomplete({ message }: AppError) {
  return { type: 'usage_incomplete', message: `What sub-agents took could not be read to the end: ${message}` };
}
