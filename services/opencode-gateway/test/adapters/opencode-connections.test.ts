import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { Worker } from 'node:worker_threads';
import { AppError } from '@oio/errors';
import { eventually } from '@oio/runtime/testing';
import test from 'ava';
import { z } from 'zod';
import { OpencodeHttp } from '../../src/adapters/opencode-http.ts';
import { sendJson, startHttpServer } from '../support/http-server.ts';

const call = { path: '/thing', schema: z.object({ ok: z.boolean() }) };

test('a server is held a hundred connections to at most; what comes on top of them waits', async (t) => {
  const held: ServerResponse[] = [];
  await using server = await startHttpServer((_request, response) => held.push(response));
  await using http = new OpencodeHttp({ url: server.url, password: 'secret' });
  const answers = Array.from({ length: 103 }, () => http.post(call));
  await eventually(() => held.length === 100);
  const [first] = held;
  if (first) sendJson(first, { ok: true });
  await eventually(() => held.length === 101, { what: 'the next one, on the connection that is free' });
  for (;;) {
    for (const response of held) if (!response.writableEnded) sendJson(response, { ok: true });
    if (held.length === 103 && held.every(({ writableEnded }) => writableEnded)) break;
    await eventually(() => held.some(({ writableEnded }) => !writableEnded));
  }
  t.is((await Promise.all(answers)).length, 103);
});

test('a server that accepts no connection is given up after the time for connecting', async (t) => {
  await using deaf = await listenWithoutAccepting();
  await using http = new OpencodeHttp({
    url: deaf.url,
    password: 'secret',
    connectTimeoutMs: 300,
    readTimeoutMs: 60_000,
    resilience: { tries: 1 },
  });
  const beganMs = performance.now();
  const error: unknown = await t.throwsAsync(http.get(call));
  t.true(performance.now() - beganMs < 9_000, 'sooner than without the setting');
  t.is(error instanceof AppError ? error.code : error, 'timeout');
});

/** A port whose queue of connections is full: the next one is neither taken nor refused. */
async function listenWithoutAccepting() {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address());
       setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
     });`,
    { eval: true },
  );
  const [{ port }] = (await once(worker, 'message')) as [AddressInfo];
  const fillers: Socket[] = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  await eventually(() => fillers.filter(({ connecting }) => !connecting).length >= 2);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}
