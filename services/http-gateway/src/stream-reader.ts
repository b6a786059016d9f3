import type { ServerResponse } from 'node:http';
import type { StoredSessionEvent, StreamEnd } from '@oio/contracts';
import { streamMessage } from './stream-message.ts';

/** What remains of a closed stream is given up after so long, in milliseconds. */
const LINGER_MS = 1_000;
/** Events that are read at a time at most; few, because one may hold 256 KiB. */
const PAGE = 16;

export interface StreamReaderOptions {
  readonly tenant: string;
  readonly sessionId: string;
  /** Sequence number of the last event that the reader has. */
  readonly after: number;
  readonly response: ServerResponse;
}

export interface StreamSource {
  /** Committed events after a sequence number, oldest first; none when there are no more. */
  readonly history: (after: number, limit: number) => Promise<readonly StoredSessionEvent[]>;
  readonly stallMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * One open event stream. It keeps no queue: an event that cannot be written now is read from the store later, so that a
 * slow reader costs nothing but its connection, and every gap is closed in the same way.
 */
export class StreamReader {
  readonly sessionId: string;
  readonly tenant: string;
  readonly #response: ServerResponse;
  readonly #source: StreamSource;
  /** Sequence number of the last event written, and of the last one heard of. */
  #sent: number;
  #heard: number;
  #reading = false;
  /** Whether the store may have more than was sent, beside what was heard of. */
  #unread = false;
  /** Events that are read at a time: as many as could be written last time, because the others were read in vain. */
  #page = PAGE;
  #stalled: NodeJS.Timeout | null = null;
  #ended = false;

  constructor({ tenant, sessionId, after, response }: StreamReaderOptions, source: StreamSource) {
    this.tenant = tenant;
    this.sessionId = sessionId;
    this.#sent = after;
    this.#heard = after;
    this.#response = response;
    this.#source = source;
    response.on('drain', () => this.#drained());
    response.once('close', () => this.#close());
    // A write that meets a closing connection must not end the process; 'close' follows anyway.
    response.on('error', () => this.#close());
  }

  /** A committed event, perhaps not the next one. `message` is its text, made once for all readers. */
  offer(seq: number, deletion: boolean, message: () => string): void {
    this.#heard = Math.max(this.#heard, seq);
    if (this.#ended || this.#stalled || this.#reading || seq <= this.#sent) return;
    if (seq === this.#sent + 1) this.#send(seq, deletion, message());
    else this.catchUp();
  }

  /** Says that the history has reached a version; what was missed is read. */
  hearOf(version: number): void {
    this.#heard = Math.max(this.#heard, version);
    if (this.#heard > this.#sent) this.catchUp();
  }

  /** News of the moment: dropped unless the reader is up to date and takes it now. */
  news(message: string): void {
    if (!this.#ended && !this.#stalled && !this.#reading) this.#write(message);
  }

  /** Reads and sends what the store has more. */
  catchUp(): void {
    if (this.#ended || this.#stalled || this.#reading) return;
    this.#readOn().catch(this.#source.onError);
  }

  /** The last message, then the end. A reader that does not even take that is cut off. */
  end(reason: StreamEnd['reason']): void {
    if (this.#ended) return;
    this.#close();
    this.#response.end(streamMessage('end', { reason, resumeAfter: this.#sent }));
    // By a reset: after a plain end the system would keep megabytes for it until it reads them, which may be never.
    setTimeout(() => this.#response.socket?.resetAndDestroy(), LINGER_MS).unref();
  }

  /** Until a page is empty and nothing new was heard of while it was read, or the reader takes no more for now. */
  async #readOn(): Promise<void> {
    this.#reading = true;
    this.#unread = true;
    try {
      for (let heard = -1, found = 1; found > 0 || this.#heard > heard; ) {
        heard = this.#heard;
        const events = await this.#source.history(this.#sent, this.#page);
        found = events.length;
        if (!this.#sendPage(events)) return;
      }
      this.#unread = false;
    } finally {
      this.#reading = false;
    }
  }

  /** False when the reader does not take more for now. */
  #sendPage(events: readonly StoredSessionEvent[]): boolean {
    for (const [index, event] of events.entries()) {
      if (this.#ended || this.#stalled) {
        this.#page = Math.max(1, index);
        return false;
      }
      this.#send(event.seq, event.type === 'session.deleted', streamMessage('history', event));
    }
    this.#page = Math.min(PAGE, 2 * this.#page);
    return !this.#ended && !this.#stalled;
  }

  #send(seq: number, deletion: boolean, message: string): void {
    this.#write(message);
    this.#sent = seq;
    if (deletion) this.end('deleted');
  }

  #write(message: string): void {
    if (this.#response.write(message) || this.#stalled) return;
    this.#stalled = setTimeout(() => this.end('slow_reader'), this.#source.stallMs);
  }

  #drained(): void {
    if (this.#stalled) clearTimeout(this.#stalled);
    this.#stalled = null;
    // A large event fills the buffer by itself: what came by the bus and is away at once must not cost a page each time.
    if (this.#unread || this.#heard > this.#sent) this.catchUp();
  }

  #close(): void {
    this.#ended = true;
    if (this.#stalled) clearTimeout(this.#stalled);
  }
}
