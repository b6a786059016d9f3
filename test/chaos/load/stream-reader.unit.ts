import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { StreamReader } from './stream-reader.ts';

const event = (seq: number) => `id: ${seq}\nevent: history\ndata: {"seq":${seq}}\n\n`;

test('a reader takes nothing until it is told to, then what came and the end', async (t) => {
  await using place = await open((response) => {
    response.write(`: heartbeat\n\n${event(4)}${event(5)}`);
    response.end('event: end\ndata: {"reason":"slow_reader","resumeAfter":5}\n\n');
  });
  const reader = await place.reader(3);
  t.false(await reader.closes(100));
  t.is(reader.last, 3);
  reader.read();
  t.true(await reader.closes(2_000));
  t.like(reader, { last: 5, gap: null, end: { reason: 'slow_reader', resumeAfter: 5 } });
});

test('of a stream that is cut off only whole events count', async (t) => {
  await using place = await open((response) => {
    response.write(`${event(1)}${event(2).slice(0, 20)}`, () => response.destroy());
  });
  const reader = await place.reader();
  reader.read();
  t.true(await reader.closes(2_000));
  t.like(reader, { last: 1, gap: null, end: null });
});

test('that a stream was cut off shows although nobody reads', async (t) => {
  await using place = await open((response) => {
    response.write(event(1).repeat(20_000), () => setTimeout(() => response.socket?.resetAndDestroy(), 200));
  });
  const reader = await place.reader();
  t.false(reader.isReset);
  await eventually(() => reader.isReset);
  t.false(reader.isClosed);
});

test('an event that was left out is seen', async (t) => {
  await using place = await open((response) => response.write(`${event(1)}${event(3)}`));
  const reader = await place.reader();
  reader.read();
  t.true(await reader.goesOn(2_000));
  t.is(reader.gap, 'event 3 came behind 1');
});

/** A server that answers each request for a stream in one way. */
async function open(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response.writeHead(200)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const readers = new DisposableStack();
  return {
    async reader(after = 0) {
      const reader = await StreamReader.open({ url, apiKey: 'key', sessionId: 'x', after });
      if (!reader) throw new Error('The stream was not opened.');
      return readers.use(reader);
    },
    async [Symbol.asyncDispose]() {
      readers.dispose();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
