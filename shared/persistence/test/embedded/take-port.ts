import { once } from 'node:events';
import { createServer } from 'node:net';

/** Listens on some free port of 127.0.0.1 until released. */
export async function takePort(): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return { port: address.port, release: () => server[Symbol.asyncDispose]() };
}
