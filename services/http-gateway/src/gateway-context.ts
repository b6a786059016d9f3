import type Koa from 'koa';
import type { Principal } from './ports.ts';

/** What the parts of the app tell each other about a request. */
export interface GatewayState {
  correlationId: string;
  /** Name of the route; null when none matched. */
  route: string | null;
  principal: Principal | null;
  sessionId: string | null;
  /** Code of the problem when the request was refused (4xx, 503); null for answers, bugs and time-outs. */
  refusal: string | null;
}

export type Middleware = Koa.Middleware<GatewayState>;
export type Context = Koa.ParameterizedContext<GatewayState>;
