import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that outgoing connections take by themselves: what is free now is still free in a minute. */
const FROM = 12_000;
const TO = 32_000;
const given = new Set<number>();

/** A port of 127.0.0.1 that nobody uses at the moment, and that is given to nobody else. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const answer = Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
  server.listen(port, '127.0.0.1');
  const free = await answer.catch(() => false);
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
