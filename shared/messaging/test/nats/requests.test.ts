import { type AppError, InternalError, InvalidError } from '@oio/errors';
import test from 'ava';
import { serviceEnvelope } from '../../src/envelope.ts';
import { createNatsBus } from '../../src/nats/nats-bus.ts';
import type { ParkedMessage } from '../../src/parking.ts';
import { Inbox } from '../../src/testing/inbox.ts';
import { testContracts } from '../../src/testing/test-contracts.ts';
import { badBodies } from '../support/bad-bodies.ts';
import { rawClient } from '../support/raw-client.ts';
import { startTestNats, type TestNats } from '../support/start-test-nats.ts';

let nats: TestNats;

test.before(async () => {
  nats = await startTestNats();
});

test.after.always(() => nats?.[Symbol.asyncDispose]());

test('a request that cannot be read is answered as invalid and parked with its reason, and the next is served', async (t) => {
  const parked: ParkedMessage[] = [];
  const parking = { park: async (message: ParkedMessage) => void parked.push(message) };
  await using bus = await createNatsBus({ url: nats.url, name: 'test', parking });
  await using raw = await rawClient(nats.url);
  const { ask } = testContracts();
  await bus.serve(ask, async () => ({ by: 'any' }));
  const envelope = JSON.stringify(serviceEnvelope('test'));
  const malformed = [
    `{"v":1,"envelope":${envelope},"payload":{"number":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
    `{"v":1,"envelope":${envelope},"payload":{"__proto__":{"number":1},"constructor":{"prototype":{}}}}`,
  ].map((body) => ({ what: body.slice(-90), body, reason: 'malformed' }));
  const empty = { what: 'no payload', body: `{"v":1,"envelope":${envelope}}`, reason: 'foreign' };
  const nameless = {
    what: 'no tenant',
    body: '{"v":1,"envelope":{"id":"x"},"payload":{"number":1}}',
    reason: 'malformed',
  };
  for (const { what, body, reason } of [...badBodies, ...malformed, ...wrongEnvelopes(), empty, nameless]) {
    const answer = await raw.client.request(ask.subject, body, { timeout: 10_000 });
    const { v, error } = answer.json<{ readonly v: number; readonly error: { readonly kind: string } }>();
    t.deepEqual([v, error.kind], [1, 'invalid'], what);
    t.like(parked.at(-1), { subject: ask.subject, consumer: 'test', reason }, what);
  }
  t.is(parked.length, badBodies.length + malformed.length + wrongEnvelopes().length + 2);
  t.deepEqual(await bus.request(ask, { number: 1 }, serviceEnvelope('test')), { by: 'any' });
});

test('a request that says not where its answer goes is parked, not carried out', async (t) => {
  const parked = new Inbox<ParkedMessage>();
  const parking = { park: async (message: ParkedMessage) => parked.take(message) };
  await using bus = await createNatsBus({ url: nats.url, name: 'test', parking });
  await using raw = await rawClient(nats.url);
  const { ask } = testContracts();
  await bus.serve(ask, () => t.fail());
  const envelope = serviceEnvelope('test');
  raw.client.publish(ask.subject, JSON.stringify({ v: 1, envelope, payload: { number: 1, note: 'x' } }));
  t.like((await parked.received(1))[0], { subject: ask.subject, reason: 'foreign' });
});

test('a request that is too large is refused to the one who asks, and reaches nobody', async (t) => {
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask } = testContracts();
  await bus.serve(ask, () => t.fail());
  const large = bus.request(ask, { number: 1, note: 'x'.repeat(530_000) }, serviceEnvelope('test'));
  t.is((await t.throwsAsync<AppError>(large, { instanceOf: InvalidError })).code, 'message_too_large');
});

test('an answer that is too large is a bug of the one who answers', async (t) => {
  const bugs: [unknown, string][] = [];
  await using bus = await createNatsBus({ url: nats.url, name: 'test', onBug: (...bug) => bugs.push(bug) });
  const { ask } = testContracts();
  await bus.serve(ask, async () => ({ by: 'x'.repeat(530_000) }));
  await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')), { instanceOf: InternalError });
  t.like(bugs, { length: 1, 0: { 1: ask.subject } });
});

test('an answer that cannot be read is an internal error to the one who asked', async (t) => {
  await using bus = await createNatsBus({ url: nats.url, name: 'test' });
  await using raw = await rawClient(nats.url);
  const { ask } = testContracts();
  const bodies = [...badBodies.map(({ body }) => body), '{"v":1,"error":{"kind":"new","code":"x","message":"x"}}'];
  raw.client.subscribe(ask.subject, { callback: (_, message) => void message.respond(bodies.shift() ?? '') });
  await raw.client.flush();
  for (const body of bodies.slice()) {
    const asked = bus.request(ask, { number: 1 }, serviceEnvelope('test'));
    await t.throwsAsync(asked, { instanceOf: InternalError }, String(body).slice(0, 90));
  }
});

test('two processes that serve the same share its requests', async (t) => {
  await using first = await createNatsBus({ url: nats.url, name: 'test' });
  await using second = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask } = testContracts();
  await first.serve(ask, async () => ({ by: 'first' }));
  await second.serve(ask, async () => ({ by: 'second' }));
  const asked = Array.from({ length: 100 }, (_, number) => first.request(ask, { number }, serviceEnvelope('test')));
  const answers = await Promise.all(asked);
  t.deepEqual([...new Set(answers.map(({ by }) => by))].toSorted(), ['first', 'second']);
});

test('a process that stops serving under load loses no request', async (t) => {
  await using first = await createNatsBus({ url: nats.url, name: 'test' });
  const second = await createNatsBus({ url: nats.url, name: 'test' });
  const { ask } = testContracts();
  await first.serve(ask, async () => ({ by: 'first' }));
  await second.serve(ask, async () => ({ by: 'second' }));
  const asked = Array.from({ length: 500 }, async (_, number) => {
    if (number === 250) await second[Symbol.asyncDispose]();
    return first.request(ask, { number }, serviceEnvelope('test'));
  });
  t.is((await Promise.all(asked)).length, 500);
});

/** Envelopes with one thing in them that no store could hold, or that would reach somebody else. */
function wrongEnvelopes() {
  return [
    { sessionId: '*' },
    { sessionId: 'a.b' },
    { sessionId: 'x y' },
    { tenant: '' },
    { tenant: 'a\u0000' },
    { principal: 'user:\ud800' },
    { principal: 'ada' },
    { id: '' },
    { correlationId: 'c'.repeat(10_000) },
  ].map((wrong) => ({
    what: JSON.stringify(wrong).slice(0, 60),
    body: JSON.stringify({ v: 1, envelope: { ...serviceEnvelope('test'), ...wrong }, payload: { number: 1 } }),
    reason: 'malformed',
  }));
}
