import { SCRIPTED_MODEL } from '@oio/scripted-model';
import { askServer, type ManagedServerState } from '../../faults/managed-server.ts';

export interface DirectTurnOptions {
  readonly server: ManagedServerState;
  readonly directory: string;
  readonly prompt: string;
}

/** The ends of turns that a server tells of. Dispose of it to hear no more. */
export class IdleEvents implements AsyncDisposable {
  readonly #waiting = new Map<string, (atMs: number) => void>();
  readonly #over: AbortController;
  readonly #reading: Promise<void>;

  private constructor(stream: ReadableStream<Uint8Array>, over: AbortController) {
    this.#over = over;
    this.#reading = this.#read(stream).catch(() => {});
  }

  static async open(server: ManagedServerState): Promise<IdleEvents> {
    const over = new AbortController();
    const response = await askServer(server, '/global/event', { signal: over.signal });
    if (!response.body) throw new Error('The server has no events.');
    return new IdleEvents(response.body, over);
  }

  /** When the turn of a session has ended, by `performance.now()`. */
  next(sessionId: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#waiting.set(sessionId, resolve);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    if (!line.startsWith('data:') || !line.includes('session.idle')) return;
    const { payload } = JSON.parse(line.slice('data:'.length)) as Envelope;
    if (payload?.type !== 'session.idle') return;
    this.#waiting.get(payload.properties.sessionID)?.(performance.now());
  }
}

interface Envelope {
  readonly payload?: { readonly type: string; readonly properties: { readonly sessionID: string } };
}

/** What OpenCode itself needs for a turn: a session, a prompt, and the event that tells of its end. In milliseconds. */
export async function runDirectTurn(
  events: IdleEvents,
  { server, directory, prompt }: DirectTurnOptions,
): Promise<number> {
  const at = `?directory=${encodeURIComponent(directory)}`;
  const beganAtMs = performance.now();
  const made = await askServer(server, `/session${at}`, {
    method: 'POST',
    body: JSON.stringify({ title: 'Directly' }),
  });
  const { id } = (await made.json()) as { readonly id: string };
  const idle = events.next(id);
  const body = { agent: 'industrial-coder', model: SCRIPTED_MODEL, parts: [{ type: 'text', text: prompt }] };
  const accepted = await askServer(server, `/session/${id}/prompt_async${at}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!accepted.ok) throw new Error(`OpenCode answers ${accepted.status} to a prompt.`);
  return (await idle) - beganAtMs;
}
