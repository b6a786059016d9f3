import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Gives a server a stop that ends every connection as soon as nothing is being answered on it. `server.close()` alone waits
 * for connections on which nothing was ever asked, such as browsers open in advance.
 */
export function closable(server: Server): (withinMs: number) => Promise<void> {
  const answering = new Map<Socket, number>();
  let stopping = false;

  server.on('connection', (socket: Socket) => {
    answering.set(socket, 0);
    socket.once('close', () => answering.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answering.set(socket, (answering.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (answering.get(socket) ?? 1) - 1;
      if (answering.has(socket)) answering.set(socket, left);
      if (stopping && left === 0) socket.destroySoon();
    });
  });

  return async (withinMs) => {
    stopping = true;
    const force = setTimeout(() => server.closeAllConnections(), withinMs);
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const [socket, requests] of answering) if (requests === 0) socket.destroySoon();
    await closed;
    clearTimeout(force);
  };
}
