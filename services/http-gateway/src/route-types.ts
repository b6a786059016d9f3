import type { ServerResponse } from 'node:http';
import type { Route, RouteName, routes as allRoutes, Scope } from '@oio/contracts';
import type { z } from 'zod';
import type { Principal } from './ports.ts';

type Routes = typeof allRoutes;
type Parsed<R, K extends 'params' | 'query' | 'body'> = R extends { readonly [P in K]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined;

/** A request after everything of it was checked against the contract of its route. */
export interface RouteRequest<R extends Route = Route> {
  readonly route: RouteName;
  readonly params: Parsed<R, 'params'>;
  readonly query: Parsed<R, 'query'>;
  readonly body: Parsed<R, 'body'>;
  /** The body as it came, for what must recognise the same request again. */
  readonly rawBody: unknown;
  /** Whoever asks; a public route knows only those that are told more. */
  readonly principal: R['scope'] extends 'public'
    ? R extends { readonly moreFor: Scope }
      ? Principal | null
      : null
    : Principal;
  readonly correlationId: string;
  readonly headers: RequestHeaders;
  /**
   * Says that from now on the request waits for something else than work, so that it is not counted among those that are
   * being answered. The signal aborts when the client leaves.
   */
  readonly standAside: () => AbortSignal;
}

/** The headers that mean something to handlers. */
export interface RequestHeaders {
  readonly idempotencyKey: string | undefined;
  /** The version that `If-Match` demands. */
  readonly ifMatch: number | undefined;
  /** How long `Prefer` asks to wait for the end of the session. */
  readonly waitSeconds: number | undefined;
  readonly lastEventId: number | undefined;
}

/** For an event stream the body is a function that takes over the response. */
type ReplyBody<R extends Route> = R['reply'] extends z.ZodType
  ? z.input<R['reply']>
  : R['reply'] extends 'text/event-stream'
    ? (response: ServerResponse) => void
    : string;

export interface Answer<R extends Route = Route> {
  /** The status of the route when missing. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log: the session that was made. */
  readonly sessionId?: string;
  readonly body: ReplyBody<R>;
}

export type RouteHandler<R extends Route = Route> = (request: RouteRequest<R>) => Promise<Answer<R>>;

/** One handler per route: a forgotten one does not compile. */
export type RouteHandlers = { readonly [N in RouteName]: RouteHandler<Routes[N]> };

/** A request that is to change something. */
export interface Order extends Pick<RouteRequest, 'route' | 'rawBody' | 'headers' | 'correlationId'> {
  readonly params: unknown;
  readonly principal: Principal;
}
