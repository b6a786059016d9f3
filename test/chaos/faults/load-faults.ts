import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { memoryOf } from '../fleet/process-of-port.ts';
import { pause } from '../pause.ts';
import { lasting, pickService, servicesOf, type World } from '../world.ts';
import type { Fault } from './fault.ts';

const FIVEFOLD = 4;
const GROWTH_MIB = 400;
const READERS = 500;

export const overload: Fault = {
  name: 'overload',
  says: 'five times as many clients for a minute',
  touches: ['load'],
  async run(world) {
    const before = world.history.acceptedWithin(Date.now() - 5_000, Date.now()) / 5;
    const from = Date.now();
    const more = world.load.more(world.load.users * FIVEFOLD);
    await pause(lasting(world, 60, 0.3), world.signal);
    more[Symbol.dispose]();
    const during = world.history.acceptedWithin(from, Date.now()) / ((Date.now() - from) / 1_000);
    return { times: 1, note: `${before.toFixed(0)}/s before, ${during.toFixed(0)}/s during` };
  },
};

/** Nobody reads what the gateway writes: it must let go of them, not collect it. */
export const slowReaders: Fault = {
  name: 'slow-readers',
  says: '500 readers of event streams that never read',
  touches: ['http'],
  async run(world) {
    const gateway = pickService(world, 'http-gateway');
    const id = world.history.accepted.find(({ sessionId }) => sessionId !== null)?.sessionId;
    const before = memoryOf(gateway.program.pid);
    const count = Math.min(READERS, Math.max(20, Math.floor(world.seconds * 2)));
    const sockets = await Promise.all(Array.from({ length: count }, () => openStream(world, gateway.apiUrl, id ?? '')));
    await pause(lasting(world, 30, 0.2), world.signal);
    const grown = Math.max(...servicesOf(world, 'http-gateway').map(({ program }) => memoryOf(program.pid))) - before;
    for (const socket of sockets) socket.destroy();
    const breaches = grown > GROWTH_MIB ? [`the http-gateway grew by ${Math.round(grown)} MiB`] : [];
    return { times: count, note: `${Math.round(grown)} MiB more`, breaches };
  },
};

async function openStream(world: World, url: string, sessionId: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) }).on('error', () => {});
  const head = [
    `GET /v1/sessions/${sessionId}/stream HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${world.apiKey}`,
  ];
  socket.pause();
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}
