import { createServer } from 'node:net';
import { EXIT_CODE, StartupError } from '@oio/errors';

/** Says early, before anything is started, that the API's port is taken. Throws `StartupError`. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'EADDRINUSE') return;
    throw new StartupError(
      `Port ${port} on ${host} is taken. End the program that listens there, or choose another port with --port or API_PORT.`,
      EXIT_CODE.unavailable,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
