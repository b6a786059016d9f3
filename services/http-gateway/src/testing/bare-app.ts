import type { RequestListener } from 'node:http';
import { createLogger, createSetClock } from '@oio/runtime';
import { Admission } from '../admission.ts';
import { createApiKeyAuthenticator } from '../api-key-authenticator.ts';
import { createApp } from '../app.ts';
import { LIMITS } from '../limits.ts';
import { OrderLimit } from '../order-limit.ts';
import { RefusalCounts } from '../refusal-counts.ts';
import type { RouteHandlers } from '../route-types.ts';

/** The app with nothing behind it: authentication, body, schema, answer, log. For measuring what these alone cost. */
export function createBareApp(apiKey: string): RequestListener {
  const handlers = { createSession: async () => ({ body: { status: 'completed' } }) } as unknown as RouteHandlers;
  const handle = createApp({
    handlers,
    further: {},
    allowedHosts: [],
    authenticator: createApiKeyAuthenticator(apiKey),
    limits: LIMITS,
    admission: new Admission(LIMITS.inFlight, new OrderLimit({ ...LIMITS.orders, first: 64 })),
    refusals: new RefusalCounts(createSetClock()),
    logger: createLogger('http-gateway', { destination: { write: () => {} } }),
  }).callback();
  return (request, response) => void handle(request, response);
}
