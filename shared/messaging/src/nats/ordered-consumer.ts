import { AckPolicy, type ConsumerConfig, DeliverPolicy, type StreamState } from '@nats-io/jetstream';
import { type Msg, nanos, nuid } from 'nats';
import { type Delivered, deliveredFrom } from './delivered-from.ts';
import type { FeedConsumer } from './event-feed.ts';
import type { EventStream } from './event-stream.ts';

/** The server forgets a consumer that nobody asks for so long; it is made anew where it was. */
const FORGOTTEN_AFTER_MS = 30_000;
/** A server that is back from a copy may run on another machine, whose clock is not quite the same. */
const CLOCKS_DIFFER_MS = 60_000;

type Stream = Pick<EventStream, 'ensure' | 'addConsumer'>;

/** How far a subscriber has come in the stream. */
interface Place {
  readonly streamSeq: number;
  /** When the server stored the event that arrived from there; null when none has. */
  readonly storedAtNs: string | null;
}

/**
 * The place of a subscriber that gets every event: it starts with the events to come and goes on behind the last one that
 * arrived, whatever happened to the connection or the server in between. Nothing is acknowledged; a gap is seen by the
 * numbers. A stream that has lost its end (a server that is back from an older copy of its disk) gives the same numbers to
 * other events: for that the last one is fetched once more, and is known again by the time at which it was stored. Who has
 * heard none yet goes on by the time at which it began.
 */
export class OrderedConsumer implements FeedConsumer {
  readonly batch = 128;
  readonly room = 128;
  readonly #stream: Stream;
  readonly #filter: string;
  readonly #prefix: string;
  #name = '';
  #nextConsumerSeq = 1;
  #createdAt: string | null = null;
  /** Null before the first opening. */
  #place: Place | null = null;
  /** By the clock of the server: all that it stored earlier has arrived, or is not wanted. */
  #heardUntilMs = 0;
  /** What must come first, if the stream still has all that arrived. */
  #expected: Place | null = null;
  #hasLostItsEnd = false;

  constructor(stream: Stream, { filter, prefix }: { readonly filter: string; readonly prefix: string }) {
    this.#stream = stream;
    this.#filter = filter;
    this.#prefix = prefix;
  }

  async open(): Promise<string> {
    const stream = await this.#stream.ensure();
    if (this.#createdAt !== null && this.#createdAt !== stream.created) this.#beginAnew();
    const start = this.#start(stream.state);
    const { name, delivered, created } = await this.#stream.addConsumer({
      ...start,
      name: `${this.#prefix}-${nuid.next()}`,
      ack_policy: AckPolicy.None,
      filter_subject: this.#filter,
      inactive_threshold: nanos(FORGOTTEN_AFTER_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    this.#createdAt = stream.created;
    this.#name = name;
    this.#nextConsumerSeq = 1;
    if (this.#place === null) this.#heardUntilMs = Date.parse(created);
    this.#expected = this.#place?.streamSeq === start.opt_start_seq ? this.#place : null;
    if (this.#expected === null) this.#place = { streamSeq: delivered.stream_seq, storedAtNs: null };
    this.#hasLostItsEnd = false;
    return name;
  }

  receive(message: Msg): 'take' | 'again' | 'skip' | 'gap' {
    const delivered = deliveredFrom(message.reply);
    if (delivered?.consumer !== this.#name) return 'skip';
    if (delivered.consumerSeq !== this.#nextConsumerSeq) return 'gap';
    this.#nextConsumerSeq += 1;
    if (this.#expected !== null) return this.#compare(delivered, this.#expected);
    this.#place = delivered;
    this.#heardUntilMs = Number(delivered.storedAtNs) / 1e6;
    return 'take';
  }

  done(): void {}

  release(): void {}

  end(): void {}

  /** All of a stream that was made in the meantime is new. */
  #beginAnew(): void {
    this.#place = { streamSeq: 0, storedAtNs: null };
    this.#hasLostItsEnd = false;
  }

  #compare({ streamSeq, storedAtNs }: Delivered, expected: Place): 'again' | 'gap' {
    this.#expected = null;
    if (streamSeq === expected.streamSeq && storedAtNs === expected.storedAtNs) return 'again';
    this.#hasLostItsEnd = true;
    return 'gap';
  }

  #start({ first_seq: first, last_seq: last }: StreamState): Partial<ConsumerConfig> {
    if (this.#place === null) return { deliver_policy: DeliverPolicy.New };
    const { streamSeq, storedAtNs } = this.#place;
    // Without an event that arrived nothing tells whether the stream has lost its end and was filled again.
    const isUnproven = storedAtNs === null && streamSeq > 0;
    if (this.#hasLostItsEnd || isUnproven || last < streamSeq) return this.#byTime();
    // That the last one is there no more because of its age proves nothing; what is there then is all new.
    const isThere = storedAtNs !== null && first <= streamSeq;
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: isThere ? streamSeq : streamSeq + 1 };
  }

  /** The numbers say nothing any more, and from the beginning it might be a day's events: a few come twice instead. */
  #byTime(): Partial<ConsumerConfig> {
    const since = new Date(this.#heardUntilMs - CLOCKS_DIFFER_MS).toISOString();
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: since };
  }
}
