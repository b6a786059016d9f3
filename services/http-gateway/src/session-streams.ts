import { type HistoryGrown, historyGrown, type SessionOutput, sessionOutput } from '@oio/contracts';
import { UnavailableError } from '@oio/errors';
import type { Bus } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import { HistoryPages } from './history-pages.ts';
import type { SessionReader } from './ports.ts';
import type { SessionEnds } from './session-ends.ts';
import { HEARTBEAT, streamMessage } from './stream-message.ts';
import { StreamReader, type StreamReaderOptions } from './stream-reader.ts';

const HEAD = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  // Proxies must pass every event on at once.
  'X-Accel-Buffering': 'no',
};

export interface SessionStreamsOptions {
  readonly bus: Bus;
  readonly reader: SessionReader;
  /** Told of every committed event beside the streams, so that one subscription serves both. */
  readonly ends: Pick<SessionEnds, 'hear' | 'hearOf'>;
  readonly logger: Logger;
  readonly maxStreams: number;
  readonly heartbeatMs: number;
  /** How often the store is looked at for events that the bus did not tell of. */
  readonly lookMs: number;
  readonly stallMs: number;
}

/** All open event streams: one subscription to the news of the bus, fanned out by session. The store has what is not heard. */
export class SessionStreams implements AsyncDisposable {
  readonly #options: SessionStreamsOptions;
  readonly #pages: HistoryPages;
  readonly #bySession = new Map<string, Set<StreamReader>>();
  readonly #closing = new AsyncDisposableStack();
  #count = 0;

  private constructor(options: SessionStreamsOptions) {
    this.#options = options;
    this.#pages = new HistoryPages(options.reader);
  }

  static async start(options: SessionStreamsOptions): Promise<SessionStreams> {
    const streams = new SessionStreams(options);
    const { bus, heartbeatMs, lookMs } = options;
    streams.#closing.defer(await bus.subscribe([historyGrown], { handler: (grown) => streams.#onGrown(grown) }));
    streams.#closing.defer(await bus.subscribe([sessionOutput], { handler: (output) => streams.#onOutput(output) }));
    const timers = [setInterval(() => streams.#beat(), heartbeatMs), setInterval(() => streams.#look(), lookMs)];
    streams.#closing.defer(() => timers.forEach(clearInterval));
    return streams;
  }

  /** Takes over the response. Throws `UnavailableError` when too many streams are open. */
  open(options: StreamReaderOptions): void {
    const { maxStreams, stallMs, logger } = this.#options;
    if (this.#closing.disposed) throw new UnavailableError('The API is stopping.', { code: 'stopping' });
    if (this.#count >= maxStreams)
      throw new UnavailableError('Too many event streams are open.', { code: 'too_many_streams', retryAfterMs: 5_000 });
    const { tenant, sessionId, response } = options;
    if (response.destroyed) return;
    const stream = new StreamReader(options, {
      history: (after, limit) => this.#pages.read(tenant, sessionId, { after, limit }),
      stallMs,
      onError: (error) =>
        logger.warn({ err: error, tenant, sessionId }, 'history of a stream not read; tried again at the next look'),
    });
    this.#add(stream);
    response.once('close', () => this.#remove(stream));
    response.writeHead(200, HEAD);
    response.write(HEARTBEAT);
    stream.catchUp();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ending = this.#closing.disposeAsync();
    for (const stream of this.#all()) stream.end('shutdown');
    await ending;
  }

  #onGrown({ events, larger }: HistoryGrown): void {
    for (const event of events) {
      this.#options.ends.hear(event);
      let text: string | undefined;
      const message = (): string => (text ??= streamMessage('history', event as never));
      for (const stream of this.#of(event)) stream.offer(event.seq, event.type === 'session.deleted', message);
    }
    for (const event of larger) {
      this.#options.ends.hearOf(event.sessionId);
      for (const stream of this.#of(event)) stream.hearOf(event.seq);
    }
  }

  #onOutput(output: SessionOutput): void {
    let text: string | undefined;
    for (const stream of this.#of(output)) stream.news((text ??= streamMessage('output', output)));
  }

  #of({ sessionId, tenant }: { readonly sessionId: string; readonly tenant: string }): StreamReader[] {
    return [...(this.#bySession.get(sessionId) ?? [])].filter((stream) => stream.tenant === tenant);
  }

  /** Shows that streams are alive. */
  #beat(): void {
    for (const stream of this.#all()) stream.news(HEARTBEAT);
  }

  /** Finds what the bus did not bring. */
  #look(): void {
    const ids = [...this.#bySession.keys()];
    if (ids.length === 0) return;
    this.#options.reader.versions(ids).then(
      (versions) => {
        for (const stream of this.#all()) stream.hearOf(versions.get(stream.sessionId) ?? 0);
      },
      (error: unknown) => this.#options.logger.warn({ err: error }, 'versions of streamed sessions not read'),
    );
  }

  #all(): StreamReader[] {
    return [...this.#bySession.values()].flatMap((streams) => [...streams]);
  }

  #add(stream: StreamReader): void {
    this.#count += 1;
    this.#bySession.set(stream.sessionId, (this.#bySession.get(stream.sessionId) ?? new Set()).add(stream));
  }

  #remove(stream: StreamReader): void {
    this.#count -= 1;
    const streams = this.#bySession.get(stream.sessionId);
    streams?.delete(stream);
    if (streams?.size === 0) this.#bySession.delete(stream.sessionId);
  }
}
