import type { AgentEvent } from '../agent-server/events.ts';

export interface EventBufferOptions {
  /** Events kept for a reader that is not reading. */
  readonly capacity?: number;
  /** Longest text that deltas of one part are merged to. */
  readonly maxDeltaLength?: number;
}

/**
 * Events waiting for one reader, bounded: a reader that falls too far behind loses what waits and is told `resync`.
 * Nothing is lost by that, since events are only the occasion to read the truth.
 */
export class EventBuffer implements AsyncIterableIterator<AgentEvent> {
  readonly #capacity: number;
  readonly #maxDeltaLength: number;
  readonly #onClose: () => void;
  #waiting: AgentEvent[] = [];
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(onClose: () => void, options: EventBufferOptions = {}) {
    this.#onClose = onClose;
    this.#capacity = options.capacity ?? 1000;
    this.#maxDeltaLength = options.maxDeltaLength ?? 16_384;
  }

  push(event: AgentEvent): void {
    if (this.#closed || this.#merge(event)) return;
    if (this.#waiting.length >= this.#capacity) this.#waiting = [{ type: 'resync', reason: 'slow_reader' }];
    else this.#waiting.push(event);
    this.#wake?.();
  }

  /** What waits is still delivered; then the reading ends. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<AgentEvent, undefined>> {
    while (this.#waiting.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    const event = this.#waiting.shift();
    return event === undefined ? { done: true, value: undefined } : { done: false, value: event };
  }

  async return(): Promise<IteratorResult<AgentEvent, undefined>> {
    this.#waiting = [];
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Consecutive deltas of one part wait as one. */
  #merge(event: AgentEvent): boolean {
    const last = this.#waiting.at(-1);
    if (event.type !== 'delta' || last?.type !== 'delta' || last.partId !== event.partId) return false;
    if (last.text.length + event.text.length > this.#maxDeltaLength) return false;
    this.#waiting[this.#waiting.length - 1] = { ...last, text: last.text + event.text };
    return true;
  }
}
