import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import { type Msg, nanos } from 'nats';
import type { Report } from '../operator.ts';
import { EVENT_STREAM } from './event-stream.ts';
import type { Link, LinkListener } from './link.ts';
import type { LinkSubscription } from './link-subscription.ts';

const PULL_EXPIRES_MS = 20_000;
/** Old servers do not say that a pull has expired; it is not waited for longer than this. */
const PULL_PATIENCE_MS = PULL_EXPIRES_MS + 2_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** What stands in the server for a subscriber: where it is in the stream. */
export interface FeedConsumer {
  /** How many messages are asked for at a time, and how many may be held while more are asked for. */
  readonly batch: number;
  readonly room: number;
  /** Makes it, or finds it, and returns its name. Throws `UnavailableError` when it cannot at the moment. */
  open(): Promise<string>;
  /** Whether a message is the next one, or one that came before; after a gap the consumer is opened anew. */
  receive(message: Msg): 'take' | 'again' | 'skip' | 'gap';
  /** The subscriber is done with the message. */
  done(message: Msg): void;
  /** It will not be handled here. */
  release(message: Msg): void;
  /** Releases all that were received and are not done. */
  end(): void;
}

interface FeedOptions {
  readonly consumer: FeedConsumer;
  /** Gets each message; calls `done` when it is done with it. */
  readonly take: (message: Msg, done: () => void) => void;
  readonly report: Report;
}

/**
 * Fetches the messages of a stream for one subscriber, a batch at a time, never more than it has room for. A lost
 * connection, stream or consumer is made good by itself.
 */
export class EventFeed {
  readonly #link: Link;
  readonly #consumer: FeedConsumer;
  readonly #take: FeedOptions['take'];
  readonly #report: Report;
  readonly #inbox: string;
  readonly #subscription: LinkSubscription;
  readonly #listener: LinkListener;
  readonly #ending = new AbortController();
  /** Null while it is not known whether the server has the consumer. */
  #name: string | null = null;
  #isOpening = false;
  #pulls = 0;
  /** How many messages of the present pull are still to come. */
  #wanted = 0;
  #held = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, { consumer, take, report }: FeedOptions) {
    this.#link = link;
    this.#consumer = consumer;
    this.#take = take;
    this.#report = report;
    this.#inbox = link.newInbox();
    this.#subscription = link.subscribe(`${this.#inbox}.*`, (message) => this.#onMessage(message));
    this.#listener = { onReconnect: () => void this.#reopen() };
    link.listen(this.#listener);
  }

  /** Resolves when messages come. Waits for a server that has no stream yet; throws what waiting does not help against. */
  async open(): Promise<void> {
    await this.#subscription.established();
    this.#isOpening = true;
    try {
      await this.#openUntilItWorks(() => true);
    } finally {
      this.#isOpening = false;
    }
    this.#pull();
  }

  /** From the call on no message is handed out. */
  stop(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
    this.#link.forget(this.#listener);
  }

  async end(): Promise<void> {
    this.stop();
    await this.#subscription.end();
    this.#consumer.end();
  }

  #onMessage(message: Msg): void {
    if (message.subject.startsWith(this.#inbox)) return this.#onStatus(message);
    if (this.#ending.signal.aborted || this.#name === null) return this.#consumer.release(message);
    const verdict = this.#consumer.receive(message);
    if (verdict === 'gap') void this.#reopen();
    if (verdict === 'gap' || verdict === 'skip') return;
    this.#wanted -= 1;
    if (verdict === 'take') this.#handOut(message);
    this.#pull();
  }

  #handOut(message: Msg): void {
    this.#held += 1;
    this.#take(message, () => {
      this.#held -= 1;
      this.#consumer.done(message);
      this.#pull();
    });
  }

  /** Instead of messages the server says why a pull brings no more. */
  #onStatus(message: Msg): void {
    if (message.subject !== this.#pullInbox()) return;
    const code = message.headers?.code ?? 0;
    // 404 and 408: nothing more came in time. Anything else: the consumer, the stream or JetStream is gone.
    if (code === 404 || code === 408) this.#pullAnew();
    else if (code >= 400) void this.#reopen();
  }

  #pullAnew(): void {
    this.#wanted = 0;
    this.#pull();
  }

  #pull(): void {
    if (this.#ending.signal.aborted || this.#name === null) return;
    if (this.#wanted > 0 || this.#held > this.#consumer.room) return;
    const { batch } = this.#consumer;
    this.#wanted = batch;
    this.#pulls += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pullAnew(), PULL_PATIENCE_MS);
    const order = Buffer.from(JSON.stringify({ batch, expires: nanos(PULL_EXPIRES_MS) }));
    try {
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${EVENT_STREAM}.${this.#name}`;
      this.#link.publish(subject, order, { reply: this.#pullInbox() });
    } catch (error) {
      // Without a connection the feed goes on when it is back; a server that is behind is asked again.
      if (!(error instanceof UnavailableError)) throw error;
      this.#wanted = 0;
    }
  }

  #pullInbox(): string {
    return `${this.#inbox}.${this.#pulls}`;
  }

  /** The server may not know the consumer any more, or may have sent messages that never arrived. */
  async #reopen(): Promise<void> {
    this.#name = null;
    this.#wanted = 0;
    clearTimeout(this.#timer);
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      await this.#pause(FIRST_PAUSE_MS);
      // Without a connection this gives up: the reconnect calls again.
      await this.#openUntilItWorks(() => this.#link.isConnected);
    } catch (error) {
      this.#report(error, EVENT_STREAM);
    } finally {
      this.#isOpening = false;
    }
    this.#pull();
  }

  async #openUntilItWorks(isWorthIt: () => boolean): Promise<void> {
    for (let attempt = 0; isWorthIt() && !this.#ending.signal.aborted; attempt += 1) {
      try {
        this.#name = await this.#consumer.open();
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.code === 'bus_closed') throw error;
        if (attempt === 0) this.#report(error, EVENT_STREAM);
      }
      await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#ending.signal }).catch(() => {});
  }
}
