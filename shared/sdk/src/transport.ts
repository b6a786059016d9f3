import type { Route } from '@oio/contracts';
import { CancelledError, UnavailableError } from '@oio/errors';
import { type Dispatcher, request } from 'undici';
import { errorOf } from './problem-error.ts';

/** How long the server may take to answer, in milliseconds: longer than it waits for its own services. */
const ANSWER_WITHIN_MS = 30_000;

export interface Transport {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly dispatcher: Dispatcher;
}

/** Parameters of path and query. */
export type Params = Readonly<Record<string, string | number | undefined>>;

export interface Call {
  readonly params?: Params | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** How much longer the answer may take because the server was asked to wait, in milliseconds. */
  readonly waitMs?: number;
  /** How long the body may be silent; 0 waits for ever. */
  readonly silenceMs?: number;
}

/** One request. Throws what the server answered as the error that it is; `UnavailableError` when it cannot be reached. */
export async function send(transport: Transport, route: Route, call: Call): Promise<Dispatcher.ResponseData> {
  const response = await reach(transport, route, call);
  if (response.statusCode < 400) return response;
  const retryAfter = response.headers['retry-after'];
  const body = await response.body.text().catch(() => '');
  throw errorOf(response.statusCode, body, typeof retryAfter === 'string' ? retryAfter : undefined);
}

async function reach(
  { url, apiKey, dispatcher }: Transport,
  route: Route,
  call: Call,
): Promise<Dispatcher.ResponseData> {
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  try {
    return await request(new URL(pathOf(route, call.params ?? {}), url), {
      method: route.method,
      headers: {
        ...call.headers,
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        ...(body !== null && { 'content-type': 'application/json' }),
      },
      body,
      dispatcher,
      headersTimeout: patienceMs(call),
      bodyTimeout: call.silenceMs ?? ANSWER_WITHIN_MS,
      ...(call.signal && { signal: call.signal }),
    });
  } catch (error) {
    if (call.signal?.aborted) throw new CancelledError('The request was given up.', { cause: error });
    throw unreachable(url, error);
  }
}

/** The whole body; `UnavailableError` when the connection breaks meanwhile. */
export async function textOf(response: Dispatcher.ResponseData, { url }: Pick<Transport, 'url'>): Promise<string> {
  try {
    return await response.body.text();
  } catch (error) {
    throw unreachable(url, error);
  }
}

/** The server cannot be reached, or the connection broke. */
export function unreachable(url: string, cause: unknown): UnavailableError {
  const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
  return new UnavailableError(`The orchestrator at ${url} cannot be reached: ${reason}`, {
    code: 'unreachable',
    cause,
  });
}

function patienceMs({ waitMs = 0 }: Call): number {
  return ANSWER_WITHIN_MS + waitMs;
}

function pathOf(route: Route, params: Params): string {
  const inPath = new Set<string>();
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    inPath.add(name);
    return encodeURIComponent(String(params[name]));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    if (!inPath.has(name) && value !== undefined) query.set(name, String(value));
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}
