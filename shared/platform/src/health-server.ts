import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EXIT_CODE, StartupError } from '@oio/errors';
import type { ProcessMetrics } from './process-metrics.ts';
import type { Readiness } from './readiness.ts';

/** Whoever asks is a probe or a scraper: few, quick and patient with a refusal. */
const MAX_CONNECTIONS = 100;
const REQUEST_WITHIN_MS = 5_000;

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Needed for the reasons and the metrics; undefined shows them to whoever asks. */
  readonly token: string | undefined;
  readonly readiness: Readiness;
  readonly metrics: ProcessMetrics;
}

export interface HealthServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * Answers `/health/live` while the process lives, `/health/ready` with 200 or 503 and the reasons, `/metrics` for
 * Prometheus; nothing else. Throws `StartupError` when it cannot listen.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host, port } = options;
  const server = createServer({ requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => {
    answer(request, options).then(
      (content) => send(response, content),
      () => send(response, { status: 500, body: { status: 'failed' } }),
    );
  });
  await listen(server, host, port);
  const { address, port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${chosen}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Content {
  readonly status: number;
  readonly body: object | string;
  readonly type?: string;
}

async function answer(request: IncomingMessage, options: HealthServerOptions): Promise<Content> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return { status: 405, body: { status: 'method_not_allowed' } };
  const maySeeAll = isAllowed(request.headers.authorization, options.token);
  const path = request.url?.split('?', 1)[0];
  if (path === '/health/live') return { status: 200, body: { status: 'live' } };
  if (path === '/health/ready') return ready(options.readiness, maySeeAll);
  if (path !== '/metrics') return { status: 404, body: { status: 'not_found' } };
  return maySeeAll ? exposition(options.metrics) : { status: 401, body: { status: 'unauthenticated' } };
}

async function ready(readiness: Readiness, maySeeAll: boolean): Promise<Content> {
  const { ready: isReady, ...report } = await readiness.report();
  return { status: isReady ? 200 : 503, body: maySeeAll ? report : { status: report.status } };
}

async function exposition(metrics: ProcessMetrics): Promise<Content> {
  return { status: 200, body: await metrics.expose(), type: metrics.contentType };
}

function isAllowed(header: string | undefined, token: string | undefined): boolean {
  return token === undefined || timingSafeEqual(hashOf(header ?? ''), hashOf(`Bearer ${token}`));
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: Content): void {
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(text);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'another program listens there' : String(code ?? error);
    throw new StartupError(
      `The health port ${port} on ${host} cannot be used: ${reason}. Choose another with HEALTH_HOST and HEALTH_PORT.`,
      EXIT_CODE.unavailable,
      { cause: error },
    );
  } finally {
    server.off('error', reject);
  }
}
