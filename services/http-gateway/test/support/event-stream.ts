import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { KEYS } from './start-api.ts';

export interface EventStream extends AsyncDisposable {
  readonly status: number;
  readonly headers: Headers;
  /** The next messages; fewer if the stream ends before. */
  take(count: number): Promise<EventSourceMessage[]>;
  /** Everything until the server ends it. */
  rest(): Promise<EventSourceMessage[]>;
}

/** Opens an event stream as a client does that reads. */
export async function openStream(
  url: string,
  options: { readonly key?: string; readonly lastEventId?: number } = {},
): Promise<EventStream> {
  const controller = new AbortController();
  const headers = {
    authorization: `Bearer ${options.key ?? KEYS.alice}`,
    ...(options.lastEventId !== undefined && { 'last-event-id': String(options.lastEventId) }),
  };
  const response = await fetch(url, { headers, signal: controller.signal });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => messages.push(message),
    onComment: (comment) => messages.push({ event: 'comment', data: comment, id: undefined }),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (enough: () => boolean): Promise<void> => {
    while (!enough()) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) return;
      parser.feed(value ?? '');
    }
  };
  const wanted = () => messages.filter(({ event }) => event !== 'comment');
  return {
    status: response.status,
    headers: response.headers,
    async take(count) {
      await read(() => wanted().length >= count);
      const taken = wanted().slice(0, count);
      messages.splice(0, messages.indexOf(taken.at(-1) as EventSourceMessage) + 1);
      return taken;
    },
    async rest() {
      await read(() => false);
      return wanted();
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
    },
  };
}
