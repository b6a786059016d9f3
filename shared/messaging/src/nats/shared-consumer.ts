import { createHash } from 'node:crypto';
import { AckPolicy, DeliverPolicy } from '@nats-io/jetstream';
import { type Msg, nanos } from 'nats';
import { deliveredFrom } from './delivered-from.ts';
import type { FeedConsumer } from './event-feed.ts';
import { type EventStream, RETENTION_MS } from './event-stream.ts';
import type { Link } from './link.ts';

/** After so long without a word from a member another one gets what it held. */
const ACK_WAIT_MS = 10_000;
const WORKING_EVERY_MS = 3_000;
const ACK = Buffer.from('+ACK');
const NAK = Buffer.from('-NAK');
const WORKING = Buffer.from('+WPI');

interface SharedConsumerOptions {
  readonly group: string;
  readonly subjects: readonly string[];
  readonly filter: string;
}

/**
 * The place of a group: the server spreads the messages over its members, and gives to another what a member did not
 * acknowledge. A member holds few, so that the rest go to those that are free.
 */
export class SharedConsumer implements FeedConsumer {
  readonly batch = 16;
  readonly room = 0;
  readonly #link: Link;
  readonly #stream: EventStream;
  readonly #name: string;
  readonly #filter: string;
  readonly #held = new Set<Msg>();
  #timer: NodeJS.Timeout | undefined;

  constructor(link: Link, stream: EventStream, { group, subjects, filter }: SharedConsumerOptions) {
    this.#link = link;
    this.#stream = stream;
    this.#filter = filter;
    // A group that wants other events is another one: the server cannot change the filter of its place.
    const wanted = createHash('sha256')
      .update([...subjects].toSorted().join(' '))
      .digest('hex')
      .slice(0, 12);
    this.#name = `${group}-${wanted}`;
  }

  async open(): Promise<string> {
    await this.#stream.ensure();
    const { name } = await this.#stream.addConsumer({
      durable_name: this.#name,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ACK_WAIT_MS),
      deliver_policy: DeliverPolicy.New,
      filter_subject: this.#filter,
      inactive_threshold: nanos(RETENTION_MS),
      max_ack_pending: 10_000,
    });
    this.#timer ??= setInterval(() => this.#sayWorking(), WORKING_EVERY_MS);
    return name;
  }

  receive(message: Msg): 'take' | 'skip' {
    if (!deliveredFrom(message.reply)) return 'skip';
    this.#held.add(message);
    return 'take';
  }

  done(message: Msg): void {
    this.#held.delete(message);
    this.#say(message, ACK);
  }

  release(message: Msg): void {
    this.#held.delete(message);
    this.#say(message, NAK);
  }

  end(): void {
    clearInterval(this.#timer);
    for (const message of this.#held) this.release(message);
  }

  #sayWorking(): void {
    for (const message of this.#held) this.#say(message, WORKING);
  }

  #say(message: Msg, what: Uint8Array): void {
    // What is not said for want of a connection the server learns by time: it delivers the message again.
    if (this.#link.isConnected && message.reply) this.#link.publish(message.reply, what);
  }
}
