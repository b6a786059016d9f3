import type { ServerResponse } from 'node:http';
import type { Faults } from './faults.ts';
import { newId } from './new-id.ts';

const HEARTBEAT_MS = 10_000;
/** A reader that reads nothing is cut off here, in bytes. */
const MOST_UNREAD = 64 * 2 ** 20;

/** The event streams. No replay: what happens while nobody listens is told to nobody. */
export class EventHub implements Disposable {
  readonly #streams = new Map<ServerResponse, string | null>();
  readonly #heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
  readonly #faults: Faults;

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /** Takes over a response: events of one directory, or with null those of all. */
  open(response: ServerResponse, directory: string | null): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    response.once('close', () => this.#streams.delete(response));
    this.#streams.set(response, directory);
    if (!this.#silent) send(response, frame('server.connected', {}, { directory: '', global: directory === null }));
  }

  publish(directory: string, type: string, properties: unknown): void {
    if (this.#streams.size === 0 || this.#silent) return;
    const texts = [true, false].map((global) => frame(type, properties, { directory, global }));
    for (const [response, only] of this.#streams) {
      if (only === null || only === directory) send(response, texts[only === null ? 0 : 1] ?? '');
    }
  }

  /** Ends every stream in the middle. */
  cut(): void {
    for (const response of this.#streams.keys()) response.destroy();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    this.cut();
  }

  get #silent(): boolean {
    return this.#faults.has('silent_events');
  }

  #beat(): void {
    if (this.#silent) return;
    for (const [response, only] of this.#streams) {
      send(response, frame('server.heartbeat', {}, { directory: '', global: only === null }));
    }
  }
}

function frame(type: string, properties: unknown, place: { directory: string; global: boolean }): string {
  const event = { id: newId('evt'), type, properties };
  return `data: ${JSON.stringify(place.global ? { directory: place.directory, payload: event } : event)}\n\n`;
}

function send(response: ServerResponse, text: string): void {
  if (response.writableLength > MOST_UNREAD) response.destroy();
  else response.write(text);
}
