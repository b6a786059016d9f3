import { setTimeout as delay } from 'node:timers/promises';
import { AppError, TimeoutError } from '@oio/errors';
import { createParser } from 'eventsource-parser';
import type { AgentEvent, EventOptions, Hearing } from '../agent-server/events.ts';
import { EventBuffer, type EventBufferOptions } from './event-buffer.ts';
import { errorOfTransport, serverError } from './opencode-errors.ts';
import { createEventReader } from './opencode-events.ts';
import type { OpencodeHttp } from './opencode-http.ts';

export interface EventStreamOptions {
  /** OpenCode sends a heartbeat every 10 s; a stream without any event for this long is dead. */
  readonly silenceMs?: number;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly maxEventLength?: number;
  readonly buffer?: EventBufferOptions;
}

/** The one event stream that is kept open to a server, shared by all readers; opened with the first, or before. */
export class OpencodeEventStream implements AsyncDisposable {
  readonly #http: OpencodeHttp;
  readonly #options: Required<Omit<EventStreamOptions, 'buffer'>> & Pick<EventStreamOptions, 'buffer'>;
  readonly #readers = new Map<EventBuffer, EventOptions['filter']>();
  readonly #closing = new AbortController();
  #running: Promise<void> | null = null;
  readonly #readEvent = createEventReader();
  #hearing: { readonly sinceMs: number; lastAtMs: number } | null = null;
  /** All whose instances have said something. */
  readonly directories = new Set<string>();

  constructor(http: OpencodeHttp, options: EventStreamOptions = {}) {
    this.#http = http;
    this.#options = {
      silenceMs: 30_000,
      firstDelayMs: 250,
      maxDelayMs: 10_000,
      maxEventLength: 32 * 2 ** 20,
      ...options,
    };
  }

  /** The connection as it is; null while there is none. */
  get hearing(): Hearing | null {
    return this.#hearing && { ...this.#hearing };
  }

  read({ filter, signal }: EventOptions = {}): AsyncIterable<AgentEvent> {
    const close = () => reader.close();
    const reader = new EventBuffer(() => {
      this.#readers.delete(reader);
      signal?.removeEventListener('abort', close);
    }, this.#options.buffer);
    this.#readers.set(reader, filter);
    signal?.addEventListener('abort', close);
    if (signal?.aborted || this.#closing.signal.aborted) reader.close();
    else if (this.#hearing) reader.push(CONNECTED);
    this.open();
    return reader;
  }

  /** For readers that are to come: what happens while it is being opened is heard by nobody. */
  open(): void {
    if (!this.#closing.signal.aborted) this.#running ??= this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const reader of this.#readers.keys()) reader.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { firstDelayMs, maxDelayMs } = this.#options;
    let delayMs = firstDelayMs;
    while (!this.#closing.signal.aborted) {
      const error = await this.#follow(() => {
        delayMs = firstDelayMs;
      });
      this.#hearing = null;
      if (this.#closing.signal.aborted) return;
      this.#publish({ type: 'disconnected', error });
      await delay(delayMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, maxDelayMs);
    }
  }

  /** Reads one connection to its end, which is never its success: answers why it ended. */
  async #follow(onConnected: () => void): Promise<Error> {
    const silence = new AbortController();
    const watch = setTimeout(
      () => silence.abort(new TimeoutError('The event stream fell silent.')),
      this.#options.silenceMs,
    );
    const parser = createParser({
      maxBufferSize: this.#options.maxEventLength,
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') throw serverError('OpenCode sent an event without end.');
      },
      onEvent: ({ data }) => {
        watch.refresh();
        const nowMs = performance.now();
        if (this.#hearing) this.#hearing.lastAtMs = nowMs;
        else {
          this.#hearing = { sinceMs: nowMs, lastAtMs: nowMs };
          onConnected();
          this.#publish(CONNECTED);
        }
        this.#deliver(data);
      },
    });
    try {
      const body = await this.#http.openStream(
        '/global/event',
        AbortSignal.any([silence.signal, this.#closing.signal]),
      );
      const decoder = new TextDecoder();
      for await (const chunk of body as AsyncIterable<Buffer>) parser.feed(decoder.decode(chunk, { stream: true }));
      return serverError('OpenCode ended the event stream.');
    } catch (error) {
      if (silence.signal.aborted) return silence.signal.reason as Error;
      return error instanceof AppError ? error : errorOfTransport(error);
    } finally {
      clearTimeout(watch);
    }
  }

  #deliver(data: string): void {
    const frame = parseJson(data);
    const { directory } = (frame ?? {}) as { directory?: unknown };
    // What concerns none is said of `global`.
    if (typeof directory === 'string' && directory.startsWith('/')) this.directories.add(directory);
    const event = this.#readEvent(frame);
    if (event !== null) this.#publish(event);
  }

  #publish(event: AgentEvent): void {
    for (const [reader, filter] of this.#readers) {
      if (event.type === 'resync' || (filter?.(event) ?? true)) reader.push(event);
    }
  }
}

const CONNECTED: AgentEvent = { type: 'resync', reason: 'connected' };

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
