import type Koa from 'koa';
import type { Principal } from './ports.ts';

/** What the parts of the app tell each other about a request. */
export interface GatewayState {
  correlationId: string;
  /** Name of the route; null when none matched. */
  route: string | null;
  principal: Principal | null;
  sessionId: string | null;
}

export type Middleware = Koa.Middleware<GatewayState>;
export type Context = Koa.ParameterizedContext<GatewayState>;
