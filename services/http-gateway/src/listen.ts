import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { EXIT_CODE, InvalidError, StartupError } from '@oio/errors';
import { closable } from './close-server.ts';
import type { Limits } from './limits.ts';
import { isEveryAddress } from './loopback.ts';
import { toProblem } from './problems.ts';

export interface Listening extends AsyncDisposable {
  /** Where a client on this machine reaches it. */
  readonly url: string;
}

export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly limits: Limits;
  readonly handle: Handle;
}

/** Takes requests at an address until it is disposed of, which waits for those that are being answered. Throws StartupError. */
export async function listen({ host, port, limits, handle }: ListenOptions): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.requestTimeoutMs),
      maxHeaderSize: limits.headerBytes,
      keepAliveTimeout: 5_000,
    },
    handle,
  );
  const close = closable(server);
  server.on('clientError', refuse);
  await opened(server, host, port);
  return {
    url: urlOf(host, (server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: () => close(limits.shutdownMs),
  };
}

function opened(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
    server.listen({ host, port }, resolve);
  });
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): StartupError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Stop that, or choose another port with API_PORT.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023 with API_PORT.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Choose another with API_HOST.`,
    ENOTFOUND: `The host name ${host} is not known. Choose another with API_HOST.`,
  };
  return new StartupError(
    reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`,
    EXIT_CODE.unavailable,
    { cause: error },
  );
}

/** An input that is not HTTP, too slow or too large gets its answer as a problem, too, and the connection ends. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = toProblem(refusalOf(error.code), '');
  const json = JSON.stringify(body);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n`;
  socket.end(head + json, () => socket.destroy());
}

function refusalOf(code: string | undefined): InvalidError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new InvalidError('The headers are too large.', { code: 'headers_too_large' });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new InvalidError('The request did not come in time.', { code: 'request_timeout' });
  return new InvalidError('This is not a valid HTTP request.', { code: 'bad_request' });
}

function urlOf(host: string, port: number): string {
  const reachable = isEveryAddress(host) ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}
