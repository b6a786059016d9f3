import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { KEYS } from './start-api.ts';

/** An event stream as a client sees it that reads. */
export class EventStream implements AsyncDisposable {
  readonly response: Response;
  readonly #controller: AbortController;
  readonly #reader: ReadableStreamDefaultReader<string> | undefined;
  readonly #messages: EventSourceMessage[] = [];
  readonly #parser = createParser({ onEvent: (message) => this.#messages.push(message) });

  private constructor(response: Response, controller: AbortController) {
    this.response = response;
    this.#controller = controller;
    this.#reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async open(url: string, options: { readonly lastEventId?: number } = {}): Promise<EventStream> {
    const controller = new AbortController();
    const resume = options.lastEventId === undefined ? {} : { 'last-event-id': String(options.lastEventId) };
    const headers = { authorization: `Bearer ${KEYS.alice}`, ...resume };
    return new EventStream(await fetch(url, { headers, signal: controller.signal }), controller);
  }

  /** The next messages; fewer if the stream ends before. */
  async take(count: number): Promise<EventSourceMessage[]> {
    while (this.#messages.length < count && (await this.#read()));
    return this.#messages.splice(0, count);
  }

  /** Everything until the server ends it. */
  async rest(): Promise<EventSourceMessage[]> {
    while (await this.#read());
    return this.#messages.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
  }

  async #read(): Promise<boolean> {
    const chunk = await this.#reader?.read();
    if (!chunk || chunk.done) return false;
    this.#parser.feed(chunk.value);
    return true;
  }
}
