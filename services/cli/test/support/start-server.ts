import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An API that answers as the test says. */
export async function startServer(handle: (path: string, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    void text(request).then((body) => handle(`${request.method} ${request.url}`, response, body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
