import { type IncomingMessage, request } from 'node:http';
import { portsTo } from '../fleet/process-of-port.ts';
import { pause } from '../pause.ts';

export interface StreamOptions {
  /** Of the http-gateway. */
  readonly url: string;
  readonly apiKey: string;
  readonly sessionId: string;
  /** Sequence number of the last event that the reader has. */
  readonly after?: number;
}

/** What the last message of a stream says. */
export interface StreamEnd {
  readonly reason: string;
  readonly resumeAfter: number;
}

/** A client of a session's event stream that reads nothing until it is told to. */
export class StreamReader implements Disposable {
  /** Sequence number of the last event that came as a whole. */
  last: number;
  /** Null as long as the stream has not told of its end. */
  end: StreamEnd | null = null;
  /** An event that did not follow on the one before it. */
  gap: string | null = null;
  isClosed = false;
  readonly #ports: { readonly own: number; readonly peer: number };
  readonly #response: IncomingMessage;
  #rest = '';

  private constructor(response: IncomingMessage, after: number) {
    this.#response = response;
    this.last = after;
    const { localPort: own = 0, remotePort: peer = 0 } = response.socket;
    this.#ports = { own, peer };
    response.once('close', () => (this.isClosed = true));
    // The server has cut it off: 'close' follows.
    response.on('error', () => {});
  }

  /** Null when the gateway does not open it. */
  static open({ url, apiKey, sessionId, after = 0 }: StreamOptions): Promise<StreamReader | null> {
    const { promise, resolve } = Promise.withResolvers<StreamReader | null>();
    const headers = { authorization: `Bearer ${apiKey}`, 'last-event-id': String(after) };
    // Each has a connection of its own.
    const asked = request(`${url}/v1/sessions/${sessionId}/stream`, { agent: false, headers });
    asked.on('error', () => resolve(null));
    asked.once('response', (response) => {
      if (response.statusCode === 200) return resolve(new StreamReader(response, after));
      response.destroy();
      resolve(null);
    });
    asked.end();
    return promise;
  }

  /** Whether the server has cut it off, which shows without reading. Linux only. */
  get isReset(): boolean {
    return !portsTo(this.#ports.peer).has(this.#ports.own);
  }

  /** From now on it reads what comes. */
  read(): void {
    if (this.#response.listenerCount('data') > 0) return;
    this.#response.setEncoding('latin1').on('data', (text: string) => this.#take(text));
  }

  /** Waits for the end of the stream, or for an event behind the one that the reader had. False when neither comes in time. */
  async closes(withinMs: number): Promise<boolean> {
    return this.#becomes(() => this.isClosed, withinMs);
  }

  async goesOn(withinMs: number): Promise<boolean> {
    const { last } = this;
    return this.#becomes(() => this.last > last, withinMs);
  }

  [Symbol.dispose](): void {
    this.#response.destroy();
  }

  async #becomes(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const giveUpAt = performance.now() + withinMs;
    while (!isSo() && performance.now() < giveUpAt) await pause(LOOK_MS);
    return isSo();
  }

  #take(text: string): void {
    const messages = (this.#rest + text).split('\n\n');
    this.#rest = messages.pop() ?? '';
    for (const message of messages) this.#note(message);
  }

  #note(message: string): void {
    const id = /^id: (\d+)\n/.exec(message)?.[1];
    if (message.startsWith(END)) this.end = JSON.parse(message.slice(END.length)) as StreamEnd;
    if (id === undefined) return;
    if (Number(id) !== this.last + 1) this.gap ??= `event ${id} came behind ${this.last}`;
    this.last = Number(id);
  }
}

const LOOK_MS = 50;
const END = 'event: end\ndata: ';
