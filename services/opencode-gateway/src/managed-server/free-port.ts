import { createServer } from 'node:net';

/** A port of the loopback interface that is free at this moment: `port` itself if it is, or any; null if it is taken. */
export async function freePort(port = 0): Promise<number | null> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(null));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : null));
    });
  });
}
