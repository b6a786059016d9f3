import type { EventContract } from '@oio/contracts';
import { TimeoutError, UnavailableError } from '@oio/errors';
import { headers } from 'nats';
import { assertMessageId } from '../message-id.ts';
import { encodeEvent, toBytes } from '../wire.ts';
import type { Answers } from './answers.ts';
import type { EventStream } from './event-stream.ts';

const CONFIRMATION_TIMEOUT_MS = 10_000;

/** What JetStream answers to an event. */
interface Confirmation {
  readonly error?: { readonly description?: string };
}

/** Puts events into the stream, any number at a time, in the order of the calls; each waits for its confirmation. */
export class EventPublisher {
  readonly #answers: Answers;
  readonly #stream: EventStream;
  /** Whether the stream was there at the last look; events wait for a look that is under way. */
  #isOpen = false;
  #opening: Promise<void> | null = null;

  constructor(answers: Answers, stream: EventStream) {
    this.#answers = answers;
    this.#stream = stream;
  }

  async publish(contract: EventContract, payload: unknown, id: string): Promise<void> {
    assertMessageId(id);
    const { subject } = contract;
    const data = toBytes(encodeEvent(id, payload), subject);
    if (!this.#isOpen) await this.#open();
    const named = headers();
    named.set('Nats-Msg-Id', id);
    try {
      const answer = await this.#answers.ask(subject, data, { headers: named, timeoutMs: CONFIRMATION_TIMEOUT_MS });
      assertKept(answer.json<Confirmation>());
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #open(): Promise<void> {
    if (this.#opening) return this.#opening;
    const opening = this.#stream.bringUp();
    const settle = (isOpen: boolean): void => {
      this.#isOpen = isOpen;
      this.#opening = null;
    };
    // Registered before any event waits for the same promise, so that none overtakes those that do.
    opening.then(
      () => settle(true),
      () => settle(false),
    );
    this.#opening = opening;
    return opening;
  }

  #explained(error: unknown): unknown {
    if (error instanceof TimeoutError) {
      return new UnavailableError('The stream of events did not confirm in time.', { code: error.code, cause: error });
    }
    if (!(error instanceof UnavailableError && error.code === 'no_responders')) return error;
    // Nobody listens on the subjects of the stream: it is lost, or JetStream is. The next event looks for it first.
    this.#isOpen = false;
    return new UnavailableError('The stream of events is not there.', { code: 'no_stream', cause: error });
  }
}

function assertKept({ error }: Confirmation): void {
  if (!error) return;
  throw new UnavailableError(`The stream of events refuses: ${error.description ?? 'without a reason'}.`, {
    code: 'stream_refuses',
  });
}
