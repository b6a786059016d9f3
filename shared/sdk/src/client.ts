import { randomUUID } from 'node:crypto';
import { type Route, type RouteName, routes, type SessionDetail } from '@oio/contracts';
import { InternalError } from '@oio/errors';
import { Agent } from 'undici';
import type { z } from 'zod';
import { retrying } from './retry.ts';
import { untilEnded } from './until-ended.ts';
import { type SessionMessage, type StreamOptions, streamSession } from './stream.ts';
import { type Params, send, textOf, type Transport } from './transport.ts';

/** Which orchestrator, with whose key. */
export interface ClientOptions {
  /** Where the orchestrator is, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly apiKey?: string;
  /** How long a call is tried again while the server is unavailable, in milliseconds. Default 10,000; 0 tries once. */
  readonly retryForMs?: number;
}

/** What every call takes beside its input. */
export interface CallOptions {
  /** For orders: a repetition with the same key has no second effect. One is made when missing, so that orders can be tried again. */
  readonly idempotencyKey?: string;
  /** For orders to a session: the version that it must stand at. */
  readonly ifVersion?: number;
  /**
   * For `createSession` and `getSession`: to be answered when the session has ended, or after so many seconds (at most 60)
   * with the session as it is then. It may be answered sooner when too many wait.
   */
  readonly waitSeconds?: number;
  readonly correlationId?: string;
  readonly signal?: AbortSignal;
}

type Calls = { readonly [N in Exclude<RouteName, 'streamSession'>]: CallOf<(typeof routes)[N]> };

/**
 * The API, one method per route: parameters of path and query in one object, then the body, then options. Errors are
 * those of `@oio/errors`, violations and facts included.
 */
export type Client = Calls & {
  /** The history of a session from `after` on and its live output; goes on by itself after a lost connection, until it is deleted or the signal aborts. */
  stream(id: string, options?: StreamOptions): AsyncGenerator<SessionMessage, void, void>;
  /** Resolves with a session once it has ended and no retry is due; asks as long as that takes, or until the signal aborts. */
  ended(id: string, options?: Pick<CallOptions, 'signal'>): Promise<SessionDetail>;
} & AsyncDisposable;

type Input<R, K extends 'params' | 'query' | 'body'> = R extends { readonly [P in K]: infer S extends z.ZodType }
  ? z.input<S>
  : unknown;
type Parameters<R> = Input<R, 'params'> & Input<R, 'query'>;
type Given<T> = unknown extends T ? [] : Record<string, never> extends T ? [value?: T] : [value: T];
type Reply<R extends Route> = R['reply'] extends z.ZodType ? z.output<R['reply']> : string;
type CallOf<R extends Route> = (
  ...input: [...Given<Parameters<R>>, ...Given<Input<R, 'body'>>, options?: CallOptions]
) => Promise<Reply<R>>;

/** A client of one orchestrator. Dispose of it to close its connections. */
export function createClient({ url, apiKey, retryForMs = 10_000 }: ClientOptions): Client {
  const dispatcher = new Agent();
  const transport: Transport = { url, apiKey, dispatcher };
  const calls = Object.entries(routes as Record<string, Route>).map(([name, route]) => [
    name,
    (...input: unknown[]) => call(transport, route, retryForMs, input),
  ]);
  const client = Object.fromEntries(calls) as Calls;
  return {
    ...client,
    stream: (id, options) => streamSession(transport, id, options),
    ended: (id, options) => untilEnded((waiting) => client.getSession({ id }, waiting), options),
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

async function call(transport: Transport, route: Route, retryForMs: number, input: unknown[]): Promise<unknown> {
  const rest = [...input];
  const params = route.params || route.query ? (rest.shift() as Params) : undefined;
  const body = route.body ? (rest.shift() ?? {}) : undefined;
  const { signal, ...options } = (rest.shift() ?? {}) as CallOptions;
  const headers = headersOf(route, options);
  return retrying(
    async () => {
      const response = await send(transport, route, { params, body, headers, signal, ...patienceOf(options) });
      return reply(route, await textOf(response, transport));
    },
    retryForMs,
    signal,
  );
}

function patienceOf({ waitSeconds }: CallOptions): { readonly waitMs?: number } {
  return waitSeconds === undefined ? {} : { waitMs: waitSeconds * 1_000 };
}

function headersOf(
  { idempotent, waits }: Route,
  { idempotencyKey, ifVersion, waitSeconds, correlationId }: CallOptions,
): Record<string, string> {
  return {
    ...(waits && waitSeconds !== undefined && { prefer: `wait=${waitSeconds}` }),
    ...(idempotent && { 'idempotency-key': idempotencyKey ?? randomUUID() }),
    ...(ifVersion !== undefined && { 'if-match': `"${ifVersion}"` }),
    ...(correlationId !== undefined && { 'x-correlation-id': correlationId }),
  };
}

function reply(route: Route, text: string): unknown {
  if (route.reply === null || typeof route.reply === 'string') return text;
  try {
    return route.reply.parse(JSON.parse(text));
  } catch (error) {
    throw new InternalError(`The answer to ${route.method} ${route.path} is not what this client knows.`, {
      cause: error,
    });
  }
}
