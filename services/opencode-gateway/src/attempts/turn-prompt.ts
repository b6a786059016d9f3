import { failureOf } from '@oio/domain';
import type { TurnFailure } from '../turn/failure.ts';
import type { InterruptedReason } from '../turn/verdict.ts';
import { promptText } from './prompt-text.ts';
import type { Unsure } from './turn-end.ts';
import type { TurnParts } from './turn-parts.ts';

/** A turn that breaks off this often without a step in between is given up. */
const RESUMES = 5;
const SENDS = 2;

type Parts = Pick<
  TurnParts,
  'link' | 'order' | 'ref' | 'sameConversation' | 'isPrepared' | 'chosen' | 'state' | 'awaitPromptTurn' | 'signal'
>;
type GivenUp = { readonly type: 'given_up' } & TurnFailure;

/** Hands the prompt of a turn to the server: once with its text, and without it again where the turn broke off. */
export class TurnPrompt {
  readonly #parts: Parts;
  readonly #onHandOver: () => void;
  #sends = 0;
  #resumes = 0;

  constructor(parts: Parts, onHandOver: () => void) {
    this.#parts = parts;
    this.#onHandOver = onHandOver;
  }

  /** Whether it was handed over from here. */
  get isSent(): boolean {
    return this.#sends > 0;
  }

  /** The turn has got somewhere since it broke off. */
  noteStep(): void {
    this.#resumes = 0;
  }

  /** To be called only when reading shows that the prompt is not there. Null when it is handed over. */
  async send(): Promise<GivenUp | Unsure | null> {
    const { isPrepared, order, sameConversation, link } = this.#parts;
    if (isPrepared && this.#sends === 0) return { type: 'unsure' };
    this.#sends += 1;
    if (this.#sends > SENDS) return givenUp('prompt_rejected');
    await this.#handOver();
    await link.agent().prompt({ ...this.#prompt(), text: promptText(order, sameConversation) });
    return null;
  }

  /** Has a turn that broke off go on after its last finished step. Null when it is handed over. */
  async resume(reason?: InterruptedReason): Promise<GivenUp | null> {
    this.#resumes += 1;
    if (reason === 'never_started') this.#sends += 1;
    if (this.#sends > SENDS) return givenUp('prompt_rejected');
    if (this.#resumes > RESUMES) {
      return givenUp('turn_interrupted', `The turn broke off ${RESUMES} times without a finished step in between.`);
    }
    await this.#handOver();
    await this.#parts.link.agent().resume(this.#prompt());
    return null;
  }

  async #handOver(): Promise<void> {
    const { awaitPromptTurn, signal, state } = this.#parts;
    await awaitPromptTurn(signal);
    state.mayWork = true;
    state.sentAtMs = performance.now();
    this.#onHandOver();
  }

  #prompt() {
    const { order, ref, chosen } = this.#parts;
    const { agent, model, system, tools } = chosen;
    return { ...ref, messageId: order.messageId, agent, model, ...(system && { system }), ...(tools && { tools }) };
  }
}

function givenUp(...why: Parameters<typeof failureOf>): GivenUp {
  return { type: 'given_up', failure: failureOf(...why), retryAfterMs: null };
}
