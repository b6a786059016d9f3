import { type JetStreamClient, jetstream, type OrderedConsumerMessages } from '@nats-io/jetstream';
import { connect, type NatsConnection } from 'nats';
import { pause } from '../pause.ts';

/** What came over the bus: by session and sequence number, when it came first and what it said. */
export interface Observed {
  readonly events: ReadonlyMap<string, ObservedEvent>;
  /** Events that came first when a later one of their session had been seen already, as `<session>:<seq>`. */
  readonly outOfOrder: readonly string[];
  readonly deliveries: number;
}

export interface ObservedEvent {
  readonly sessionId: string;
  readonly seq: number;
  readonly type: string;
  readonly epoch: number;
  readonly commandId: string | null;
  readonly at: number;
}

const STREAM = 'OIO_EVENTS';
const AGAIN_MS = 200;

/** A subscriber of the harness's own: it sees what any consumer would see, past all proxies. */
export class EventObserver implements AsyncDisposable, Observed {
  readonly events = new Map<string, ObservedEvent>();
  readonly outOfOrder: string[] = [];
  deliveries = 0;
  readonly #last = new Map<string, number>();
  readonly #connection: NatsConnection;
  readonly #jetstream: JetStreamClient;
  #messages: { stop(): void } | null = null;
  #stopped = false;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.#jetstream = jetstream(connection);
    void this.#follow();
  }

  static async start(url: string): Promise<EventObserver> {
    const { host, username, password } = new URL(url);
    const connection = await connect({
      servers: host,
      ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
      name: 'chaos',
      maxReconnectAttempts: -1,
      reconnectTimeWait: AGAIN_MS,
      pingInterval: 2_000,
      maxPingOut: 2,
    });
    return new EventObserver(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#messages?.stop();
    await this.#connection.close();
  }

  /** Reads the stream from where it was; begins anew whenever that breaks off. Seeing something twice does no harm. */
  async #follow(): Promise<void> {
    while (!this.#stopped) {
      try {
        const consumer = await this.#jetstream.consumers.get(STREAM);
        const messages = (await consumer.consume()) as OrderedConsumerMessages;
        this.#messages = messages;
        for await (const message of messages) this.#note(message.data);
      } catch {
        // The server is away, or the stream is not there yet.
      }
      if (!this.#stopped) await pause(AGAIN_MS);
    }
  }

  #note(data: Uint8Array): void {
    this.deliveries += 1;
    const parsed = JSON.parse(Buffer.from(data).toString('utf8')) as { payload?: Omit<ObservedEvent, 'at'> };
    if (!parsed.payload) return;
    const { sessionId, seq, type, epoch, commandId } = parsed.payload;
    const id = `${sessionId}:${seq}`;
    if (this.events.has(id)) return;
    if (seq < (this.#last.get(sessionId) ?? 0)) this.outOfOrder.push(id);
    else this.#last.set(sessionId, seq);
    this.events.set(id, { sessionId, seq, type, epoch, commandId, at: Date.now() });
  }
}
