import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { Controls } from './controls.ts';
import { Link } from './link.ts';
import { TcpProxy } from './tcp-proxy.ts';

test('passes bytes in both directions', async (t) => {
  await using place = await open();
  place.client.write('hello');
  await eventually(() => place.heard() === 'hello', { what: 'the echo' });
  t.is(place.got(), 'hello');
});

test('keeps bytes back while it holds them and lets them through afterwards', async (t) => {
  await using place = await open();
  place.proxy.hold('down');
  place.client.write('one');
  await eventually(() => place.got() === 'one', { what: 'the server to get it' });
  t.is(place.heard(), '');
  place.proxy.heal();
  await eventually(() => place.heard() === 'one', { what: 'the answer' });
  t.is(place.got(), 'one');
});

test('throws away what goes one way, and resets the connection when that ends', async (t) => {
  await using place = await open();
  place.proxy.blackhole('up');
  const closed = end(place.client);
  place.client.write('lost');
  await eventually(() => place.client.bytesWritten === 4, { what: 'the write' });
  place.proxy.heal();
  await closed;
  t.is(place.got(), '');
});

test('strikes before a message, which then never arrives', async (t) => {
  await using place = await open();
  let struck = 0;
  place.proxy.trip('COMMIT', 'before', () => void (struck += 1));
  const closed = end(place.client);
  place.client.write('and now COMMIT it');
  await closed;
  t.deepEqual([struck, place.got()], [1, '']);
});

test('strikes when the answer to a message comes, which then is never heard', async (t) => {
  await using place = await open();
  place.proxy.trip('COMMIT', 'after', () => {});
  const closed = end(place.client);
  place.client.write('COMMIT');
  await closed;
  t.deepEqual([place.got(), place.heard()], ['COMMIT', '']);
});

test('a held message arrives when it is let go, though its sender has gone meanwhile', async (t) => {
  await using place = await open();
  const held = new Promise<void>((resolve) => place.proxy.holdAt('COMMIT', 'new', resolve));
  place.client.write('COMMIT of something new');
  await held;
  const closed = end(place.client);
  place.client.destroy();
  await closed;
  t.is(place.got(), '');
  place.proxy.heal();
  await eventually(() => place.got() === 'COMMIT of something new', { what: 'the message' });
});

test('a held message never arrives when the link is cut before it is let go', async (t) => {
  await using place = await open();
  const held = new Promise<void>((resolve) => place.proxy.holdAt('COMMIT', 'new', resolve));
  place.client.write('COMMIT of something new');
  await held;
  place.proxy.cut();
  place.proxy.heal();
  await eventually(() => place.ended(), { what: 'the server to see an end' });
  t.is(place.got(), '');
});

test('strikes just after a message went out', async (t) => {
  await using place = await open();
  place.proxy.trip('COMMIT', 'during', () => {});
  const closed = end(place.client);
  place.client.write('COMMIT');
  await closed;
  await eventually(() => place.got() === 'COMMIT' || place.ended(), { what: 'the server to see an end' });
  t.is(place.heard(), '');
});

test('cuts also a connection that has just begun to end', async (t) => {
  await using place = await open();
  const server = connect(place.proxy.port, '127.0.0.1');
  await once(server, 'connect');
  const closed = end(place.client);
  place.client.end();
  new Link(place.client, server, new Controls()).cut();
  await closed;
  t.true(server.destroyed);
});

test('refuses new connections until it is healed', async (t) => {
  await using place = await open();
  place.proxy.refuse();
  const refused = connect(place.proxy.port, '127.0.0.1').on('error', () => {});
  await end(refused);
  place.proxy.heal();
  const again = connect(place.proxy.port, '127.0.0.1');
  await once(again, 'connect');
  t.is(refused.readyState, 'closed');
  again.destroy();
});

/** `once` would reject on the reset that is expected here. */
function end(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.on('close', () => resolve()));
}

/** An echo server, a proxy before it and a client that has connected. */
async function open() {
  const stack = new AsyncDisposableStack();
  let got = '';
  let heard = '';
  let ended = false;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => {
        ended = true;
      });
    socket.on('data', (chunk) => {
      got += chunk.toString();
      socket.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const proxy = stack.use(await TcpProxy.start((server.address() as AddressInfo).port));
  const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
  client.on('data', (chunk) => {
    heard += chunk.toString();
  });
  await once(client, 'connect');
  stack.defer(() => void client.destroy());
  return {
    proxy,
    client,
    got: () => got,
    heard: () => heard,
    ended: () => ended,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
