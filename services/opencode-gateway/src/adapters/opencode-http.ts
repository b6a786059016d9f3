import { type Dispatcher, Pool } from 'undici';
import type { z } from 'zod';
import { errorOfStatus, errorOfTransport, serverError } from './opencode-errors.ts';
import { createResilience, type Resilience, type ResilienceOptions } from './opencode-resilience.ts';
import { createKeyedMutex } from '../keyed-mutex.ts';

export interface OpencodeHttpOptions {
  readonly url: string;
  readonly password: string;
  readonly username?: string;
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
  /** Longest silence while headers or body are awaited, and, unless the call says otherwise, longest wait in all. */
  readonly readTimeoutMs?: number;
  readonly resilience?: ResilienceOptions;
}

export interface OpencodeRequest<S extends z.ZodType> {
  readonly path: string;
  /** What we use of the answer. */
  readonly schema: S;
  /** OpenCode keeps one instance per directory; most calls belong to one. */
  readonly directory?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly deadlineMs?: number;
  /** In place of the deadline, for what is answered when it is done: how long it may say nothing at all. */
  readonly answerWithinMs?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULT_MAX_BYTES = 16 * MEBIBYTE;
/** What is larger is read one at a time: a hundred answers without end would fill the memory, each within its own bound. */
const LARGE_BYTES = MEBIBYTE;
const LARGE = 'large';

/** JSON over HTTP with one OpenCode server: authentication, limits of time and size, typed errors, retries of reads. */
export class OpencodeHttp implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #authorization: string;
  readonly #readTimeoutMs: number;
  readonly #turns = createKeyedMutex();
  readonly resilience: Resilience;

  constructor(options: OpencodeHttpOptions) {
    this.#readTimeoutMs = options.readTimeoutMs ?? 30_000;
    this.#authorization = `Basic ${Buffer.from(`${options.username ?? 'opencode'}:${options.password}`).toString('base64')}`;
    this.resilience = createResilience(options.resilience);
    this.#pool = new Pool(new URL(options.url).origin, {
      connections: options.connections ?? 100,
      connect: { timeout: options.connectTimeoutMs ?? 10_000 },
      headersTimeout: this.#readTimeoutMs,
      bodyTimeout: this.#readTimeoutMs,
    });
  }

  /** Reads; tried again when the server fails. */
  get<S extends z.ZodType>(request: OpencodeRequest<S>): Promise<z.output<S>> {
    return this.resilience.read(() => this.#call('GET', request));
  }

  /** Changes something: said once. */
  post<S extends z.ZodType>(request: OpencodeRequest<S>): Promise<z.output<S>> {
    return this.resilience.write(() => this.#call('POST', request));
  }

  /** Sets something, the same when said twice. */
  patch<S extends z.ZodType>(request: OpencodeRequest<S>): Promise<z.output<S>> {
    return this.resilience.write(() => this.#call('PATCH', request));
  }

  /** Removes something; saying it twice is the same as once, but who says it decides whether to. */
  delete<S extends z.ZodType>(request: OpencodeRequest<S>): Promise<z.output<S>> {
    return this.resilience.write(() => this.#call('DELETE', request));
  }

  /** Said once and in any case, also when the circuit is open: health, stopping. */
  control<S extends z.ZodType>(method: 'GET' | 'POST', request: OpencodeRequest<S>): Promise<z.output<S>> {
    return this.resilience.control(() => this.#call(method, request));
  }

  /** Whether it refuses a request without a password. Throws like `control`. */
  async refusesStrangers(path: string): Promise<boolean> {
    const signal = AbortSignal.timeout(this.#readTimeoutMs);
    const { statusCode, body } = await this.#pool
      .request({ path, method: 'GET', signal })
      .catch((cause: unknown) => Promise.reject(errorOfTransport(cause)));
    discard(body);
    return statusCode >= 400;
  }

  /** Opens an event stream: no limit of time but `signal`. */
  async openStream(path: string, signal: AbortSignal): Promise<Dispatcher.ResponseData['body']> {
    const headers = { authorization: this.#authorization, accept: 'text/event-stream' };
    const options = { path, method: 'GET', headers, signal, bodyTimeout: 0 } as const;
    const response = await this.#pool
      .request(options)
      .catch((cause: unknown) => Promise.reject(errorOfTransport(cause)));
    if (response.statusCode !== 200) throw await refusal(response);
    const type = contentTypeOf(response);
    if (!type.startsWith('text/event-stream')) {
      discard(response.body);
      throw serverError(`OpenCode answered ${type} instead of an event stream.`);
    }
    return response.body;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #call<S extends z.ZodType>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    request: OpencodeRequest<S>,
  ): Promise<z.output<S>> {
    const headersTimeout = request.answerWithinMs ?? this.#readTimeoutMs;
    const deadline = AbortSignal.timeout(request.deadlineMs ?? headersTimeout);
    const signal = request.signal ? AbortSignal.any([deadline, request.signal]) : deadline;
    const response = await this.#pool
      .request({
        method,
        path: targetOf(request),
        headers: { authorization: this.#authorization, ...(request.body !== undefined && JSON_BODY) },
        body: request.body === undefined ? null : JSON.stringify(request.body),
        headersTimeout,
        signal,
      })
      .catch((cause: unknown) => Promise.reject(errorOfTransport(cause)));
    if (response.statusCode >= 300) throw await refusal(response);
    const maxBytes = request.maxBytes ?? DEFAULT_MAX_BYTES;
    return parse(request, await readJson(response, { maxBytes, turn: () => this.#turns.acquire(LARGE, signal) }));
  }
}

function targetOf({ path, query, directory }: OpencodeRequest<z.ZodType>): string {
  const parameters = new URLSearchParams({ ...query, ...(directory && { directory }) });
  return parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
}

const JSON_BODY = { 'content-type': 'application/json' };

/** The error of an answer other than 2xx, with the reason that OpenCode gives in one of its three forms. */
async function refusal(response: Dispatcher.ResponseData): Promise<Error> {
  const body = await readText(response.body, { maxBytes: LARGE_BYTES }).catch(() => '');
  const said = reasonIn(body).slice(0, 300) || 'no reason given';
  return errorOfStatus(response.statusCode, said, response.headers);
}

function reasonIn(body: string): string {
  try {
    const parsed = JSON.parse(body) as { message?: string; data?: { message?: string }; _tag?: string } | null;
    return String(parsed?.data?.message ?? parsed?.message ?? parsed?._tag ?? '');
  } catch {
    return '';
  }
}

interface Reading {
  readonly maxBytes: number;
  /** Waited for once it is known to be large. */
  readonly turn?: () => Promise<Disposable>;
}

async function readJson(response: Dispatcher.ResponseData, reading: Reading): Promise<unknown> {
  const type = contentTypeOf(response);
  // OpenCode answers a path that it does not know with 200 and its web page.
  if (response.statusCode !== 204 && !type.startsWith('application/json')) {
    discard(response.body);
    throw serverError(`OpenCode answered ${type || 'no content type'} instead of JSON.`);
  }
  const text = await readText(response.body, reading);
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw serverError('OpenCode answered something that is not JSON.', { cause });
  }
}

async function readText(body: Dispatcher.ResponseData['body'], { maxBytes, turn }: Reading): Promise<string> {
  using held = new DisposableStack();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isLarge = false;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw serverError(`OpenCode answered more than ${maxBytes} bytes.`);
      if (bytes > LARGE_BYTES && !isLarge) {
        isLarge = true;
        if (turn) held.use(await turn());
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    throw bytes > maxBytes ? cause : errorOfTransport(cause);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Drops an answer that nobody wants to read, and the connection with it. */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}

function contentTypeOf(response: Dispatcher.ResponseData): string {
  const type = response.headers['content-type'];
  return String(Array.isArray(type) ? type[0] : (type ?? '')).toLowerCase();
}

function parse<S extends z.ZodType>(request: OpencodeRequest<S>, answer: unknown): z.output<S> {
  const parsed = request.schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
  throw serverError(`OpenCode answered ${request.path.split('/')[1] ?? ''} in an unknown form (${where}).`);
}
