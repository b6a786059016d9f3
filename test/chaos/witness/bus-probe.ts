import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { connect, createInbox, type NatsConnection } from 'nats';
import { pause } from '../pause.ts';

/** An event as it was on the wire. */
export interface RawMessage {
  readonly subject: string;
  readonly data: Uint8Array;
}

export interface ObservedEvent {
  readonly sessionId: string;
  readonly seq: number;
  readonly type: string;
  readonly epoch: number;
  readonly commandId: string | null;
  /** When the stream took it, as far as it was seen, in milliseconds since 1970. */
  readonly publishedAt: number;
  /** When it came here for the first time: after an outage this may be much later, as the probe has to come back as well. */
  readonly seenAt: number;
}

/** What came over the bus. */
export interface Observed {
  /** By `<session>:<seq>`. */
  readonly events: ReadonlyMap<string, ObservedEvent>;
  /** Events that came first when a later one of their session had been seen already, as `<session>:<seq>`. */
  readonly outOfOrder: readonly string[];
}

export interface BusProbeOptions {
  /** A user that may read the stream of events. */
  readonly readerUrl: string;
  /** Those in whose name something is said. */
  readonly writerUrls: Readonly<Record<Speaker, string>>;
}

/** Who may say what stands in infra/nats: what a user may not say never arrives. */
export type Speaker = 'session-actor' | 'opencode-gateway';
type Writers = Readonly<Record<Speaker, NatsConnection>>;

export interface SendOptions {
  /** Who says it; the session-actor, if nobody is named. */
  readonly as?: Speaker;
  /** Whether an answer is asked for, as a request does. */
  readonly asks?: boolean;
}

const STREAM = 'OIO_EVENTS';
const AGAIN_MS = 200;
const KEPT = 200;

/** A subscriber of the harness's own, past all proxies: it sees what any consumer sees, and can say what it likes. */
export class BusProbe implements AsyncDisposable, Observed {
  readonly events = new Map<string, ObservedEvent>();
  readonly outOfOrder: string[] = [];
  readonly #recent: RawMessage[] = [];
  readonly #last = new Map<string, number>();
  readonly #reader: NatsConnection;
  readonly #writers: Writers;
  readonly #jetstream: JetStreamClient;
  #messages: { stop(): void } | null = null;
  #stopped = false;

  private constructor(reader: NatsConnection, writers: Writers) {
    this.#reader = reader;
    this.#writers = writers;
    this.#jetstream = jetstream(reader);
    void this.#follow();
    void this.#beginAnewAfterReconnects();
  }

  static async start({ readerUrl, writerUrls }: BusProbeOptions): Promise<BusProbe> {
    const writers = {
      'session-actor': await open(writerUrls['session-actor']),
      'opencode-gateway': await open(writerUrls['opencode-gateway']),
    };
    return new BusProbe(await open(readerUrl), writers);
  }

  /** The latest events, oldest first. */
  recent(count: number): readonly RawMessage[] {
    return this.#recent.slice(-count);
  }

  /** Says again what was said, as somebody would who does not know that. */
  repeat({ subject, data }: RawMessage): void {
    this.#writers['session-actor'].publish(subject, data);
  }

  /** Says it as somebody would who does not know the product. */
  send(subject: string, body: string, { as = 'session-actor', asks = false }: SendOptions = {}): void {
    this.#writers[as].publish(subject, body, { ...(asks && { reply: createInbox(`_INBOX.${as}`) }) });
  }

  /** Asks at an address as a service would; the answer as text, or null when none comes in time. */
  async ask(subject: string, body: object, timeoutMs: number): Promise<string | null> {
    const writer = this.#writers['session-actor'];
    const answer = await writer.request(subject, JSON.stringify(body), { timeout: timeoutMs }).catch(() => null);
    return answer ? answer.string() : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#messages?.stop();
    await Promise.all([this.#reader, ...Object.values(this.#writers)].map((connection) => connection.close()));
  }

  /** Reads the stream from its begin, and anew whenever that breaks off: seeing something twice does no harm. */
  async #follow(): Promise<void> {
    while (!this.#stopped) {
      try {
        const consumer = await this.#jetstream.consumers.get(STREAM, { filter_subjects: 'events.session.>' });
        const messages = await consumer.consume();
        this.#messages = messages;
        for await (const { subject, data, time } of messages) this.#note({ subject, data }, time.getTime());
      } catch {
        // The server is away, or the stream is not there yet.
      }
      if (!this.#stopped) await pause(AGAIN_MS);
    }
  }

  /** A server that lost its end with the power counts on from there: whoever goes on behind its last position misses what comes. */
  async #beginAnewAfterReconnects(): Promise<void> {
    for await (const { type } of this.#reader.status()) if (type === 'reconnect') this.#messages?.stop();
  }

  #note(message: RawMessage, publishedAt: number): void {
    const payload = payloadOf(message.data);
    if (!payload) return;
    const { sessionId, seq, type, epoch, commandId } = payload;
    const id = `${sessionId}:${seq}`;
    if (this.events.has(id)) return;
    this.#recent.push(message);
    if (this.#recent.length > KEPT) this.#recent.shift();
    if (seq < (this.#last.get(sessionId) ?? 0)) this.outOfOrder.push(id);
    else this.#last.set(sessionId, seq);
    this.events.set(id, { sessionId, seq, type, epoch, commandId, publishedAt, seenAt: Date.now() });
  }
}

function open(url: string): Promise<NatsConnection> {
  const { host, username, password } = new URL(url);
  return connect({
    servers: host,
    user: decodeURIComponent(username),
    pass: decodeURIComponent(password),
    name: 'chaos',
    // What a user may listen to; see infra/nats.
    inboxPrefix: `_INBOX.${username}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: AGAIN_MS,
    pingInterval: 2_000,
    maxPingOut: 2,
  });
}

/** Null for what other faults put on the subjects. */
function payloadOf(data: Uint8Array): Omit<ObservedEvent, 'publishedAt' | 'seenAt'> | null {
  try {
    const { v, payload } = JSON.parse(Buffer.from(data).toString('utf8')) as {
      v?: number;
      payload?: Partial<ObservedEvent>;
    };
    return v === 1 && typeof payload?.seq === 'number' ? (payload as ObservedEvent) : null;
  } catch {
    return null;
  }
}
