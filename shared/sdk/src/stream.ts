import { setTimeout as pause } from 'node:timers/promises';
import { type SessionOutput, routes, type StoredSessionEvent, sessionStream } from '@oio/contracts';
import { AppError, CancelledError, NotFoundError } from '@oio/errors';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { pauseMs } from './retry.ts';
import { send, type Transport, unreachable } from './transport.ts';

/** The server says every 10 s that it is alive; a connection that is silent for so long is dead. */
const SILENCE_MS = 30_000;
/** How often a stream that has brought nothing yet is tried again. */
const FIRST_TRIES = 4;

/** From where a stream begins, and what ends it. */
export interface StreamOptions {
  /** Only events with a greater sequence number. Default 0: the whole history. */
  readonly after?: number;
  /** Ends the stream. */
  readonly signal?: AbortSignal;
}

/** What a stream brings: events, each once and in order; live output, at most once. */
export type SessionMessage =
  | { readonly kind: 'history'; readonly event: StoredSessionEvent }
  | { readonly kind: 'output'; readonly output: SessionOutput };

/** Ends when the session is deleted or the signal aborts; throws when the server refuses. */
export async function* streamSession(
  transport: Transport,
  id: string,
  { after = 0, signal }: StreamOptions = {},
): AsyncGenerator<SessionMessage, void, void> {
  const progress: Progress = { last: after, any: false, failures: 0, deleted: false };
  while (!signal?.aborted) {
    const reason = yield* oneConnection(transport, id, progress, signal);
    if (progress.deleted) return;
    // Whoever only begins to watch is told soon that there is nobody; who has seen something waits for more.
    if (reason instanceof Error && !progress.any && progress.failures >= FIRST_TRIES) throw reason;
    await pause(pauseMs(progress.failures, reason), undefined, { ...(signal && { signal }) }).catch(() => {});
    progress.failures += 1;
  }
}

/** How far a stream has come, over all its connections. */
interface Progress {
  last: number;
  /** Whether the server has sent anything yet. */
  any: boolean;
  /** Connections in a row that brought nothing. */
  failures: number;
  deleted: boolean;
}

/** Passes on what one connection brings; returns why it broke, if it did. */
async function* oneConnection(
  transport: Transport,
  id: string,
  progress: Progress,
  signal: AbortSignal | undefined,
): AsyncGenerator<SessionMessage, unknown, void> {
  try {
    for await (const message of messagesOf(transport, id, progress.last, signal)) {
      advance(progress, message);
      yield message;
      if (progress.deleted) return undefined;
    }
    return undefined;
  } catch (error) {
    // Deleted while the connection was down: there is nothing more to come.
    progress.deleted = error instanceof NotFoundError && progress.any;
    const goesOn = error instanceof AppError && (error.retryable || error instanceof CancelledError);
    if (!goesOn && !progress.deleted) throw error;
    return error;
  }
}

function advance(progress: Progress, message: SessionMessage): void {
  progress.failures = 0;
  progress.any = true;
  if (message.kind !== 'history') return;
  progress.last = message.event.seq;
  progress.deleted = message.event.type === 'session.deleted';
}

async function* messagesOf(
  transport: Transport,
  id: string,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<SessionMessage, void, void> {
  const headers = { accept: 'text/event-stream', 'last-event-id': String(after) };
  const response = await send(transport, routes.streamSession, {
    params: { id },
    headers,
    signal,
    silenceMs: SILENCE_MS,
  });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  const chunks = response.body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  try {
    for (;;) {
      const { value, done } = await next(chunks, transport, signal);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* messages.splice(0).flatMap(messageOf);
    }
  } finally {
    response.body.destroy();
  }
}

async function next(
  chunks: AsyncIterator<Buffer, undefined>,
  { url }: Transport,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<Buffer, undefined>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw signal?.aborted ? new CancelledError('The stream was given up.', { cause: error }) : unreachable(url, error);
  }
}

/** Messages of a kind that this client does not know are passed over. */
function messageOf({ event, data }: EventSourceMessage): SessionMessage[] {
  if (event === 'history')
    return [{ kind: 'history', event: sessionStream.history.parse(JSON.parse(data)) as StoredSessionEvent }];
  if (event === 'output') return [{ kind: 'output', output: sessionStream.output.parse(JSON.parse(data)) }];
  return [];
}
