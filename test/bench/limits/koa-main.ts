import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@oio/runtime';
import { Admission } from '../../../services/http-gateway/src/admission.ts';
import { createApp } from '../../../services/http-gateway/src/app.ts';
import { OrderLimit } from '../../../services/http-gateway/src/order-limit.ts';
import type { RouteHandlers } from '../../../services/http-gateway/src/route-types.ts';
import { createApiKeyAuthenticator, LIMITS } from '@oio/http-gateway';

// The app of the http-gateway with a handler that has nothing to do: authentication, body, schema, answer, log.
const handlers = { createSession: async () => ({ body: { status: 'completed' } }) } as unknown as RouteHandlers;
const app = createApp({
  handlers,
  further: {},
  allowedHosts: [],
  authenticator: createApiKeyAuthenticator(process.env['API_KEY'] ?? ''),
  limits: LIMITS,
  admission: new Admission(LIMITS.inFlight, new OrderLimit({ ...LIMITS.orders, first: 64 })),
  logger: createLogger('http-gateway', { destination: { write: () => {} } }),
});
const handle = app.callback();
const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })}\n`);
});
process.once('SIGTERM', () => process.exit(0));
