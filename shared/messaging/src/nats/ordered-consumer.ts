import { AckPolicy, type ConsumerConfig, DeliverPolicy } from '@nats-io/jetstream';
import { type Msg, nanos, nuid } from 'nats';
import { deliveredFrom } from './delivered-from.ts';
import type { FeedConsumer } from './event-feed.ts';
import type { EventStream } from './event-stream.ts';

/** The server forgets a consumer that nobody asks for so long; it is made anew where it was. */
const FORGOTTEN_AFTER_MS = 30_000;

/**
 * The place of a subscriber that gets every event: it starts with the events to come and goes on behind the last one that
 * arrived, whatever happened to the connection or the server in between. Nothing is acknowledged; a gap is seen by the
 * numbers.
 */
export class OrderedConsumer implements FeedConsumer {
  readonly batch = 128;
  readonly room = 128;
  readonly #stream: EventStream;
  readonly #filter: string;
  readonly #prefix: string;
  #name = '';
  #nextConsumerSeq = 1;
  /** The last one in the stream that arrived; null before the first opening. */
  #lastStreamSeq: number | null = null;
  #createdAt: string | null = null;

  constructor(stream: EventStream, { filter, prefix }: { readonly filter: string; readonly prefix: string }) {
    this.#stream = stream;
    this.#filter = filter;
    this.#prefix = prefix;
  }

  async open(): Promise<string> {
    const createdAt = await this.#stream.ensure();
    // All of a stream that was made in the meantime is new.
    if (this.#createdAt !== null && this.#createdAt !== createdAt) this.#lastStreamSeq = 0;
    const { name, delivered } = await this.#stream.addConsumer({
      ...this.#start(),
      name: `${this.#prefix}-${nuid.next()}`,
      ack_policy: AckPolicy.None,
      filter_subject: this.#filter,
      inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    this.#createdAt = createdAt;
    this.#name = name;
    this.#nextConsumerSeq = 1;
    this.#lastStreamSeq = delivered.stream_seq;
    return name;
  }

  receive(message: Msg): 'take' | 'skip' | 'gap' {
    const delivered = deliveredFrom(message.reply);
    if (delivered?.consumer !== this.#name) return 'skip';
    if (delivered.consumerSeq !== this.#nextConsumerSeq) return 'gap';
    this.#nextConsumerSeq += 1;
    this.#lastStreamSeq = delivered.streamSeq;
    return 'take';
  }

  done(): void {}

  release(): void {}

  end(): void {}

  #start(): Partial<ConsumerConfig> {
    if (this.#lastStreamSeq === null) return { deliver_policy: DeliverPolicy.New };
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#lastStreamSeq + 1 };
  }
}
