import { InternalError, NotFoundError, UnavailableError } from '@oio/errors';
import test from 'ava';
import { serviceEnvelope } from '../src/envelope.ts';
import { createInProcessBus } from '../src/in-process-bus.ts';
import { busContract } from '../src/testing/bus-contract.ts';
import { Gate, someTurns } from '../src/testing/gate.ts';
import { Inbox } from '../src/testing/inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from '../src/testing/test-contracts.ts';

busContract(test, async (options) => createInProcessBus(options));

test('a bug of a handler is reported with its subject, an expected error is not', async (t) => {
  const reports: [unknown, string][] = [];
  await using bus = createInProcessBus({ onBug: (...report) => reports.push(report) });
  const { ask } = testContracts();
  const bug = new Error('a bug');
  await bus.serve(ask, async ({ payload }) => {
    throw payload.number === 1 ? bug : new NotFoundError('No such thing.');
  });
  await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test')), { instanceOf: InternalError });
  await t.throwsAsync(bus.request(ask, { number: 2 }, serviceEnvelope('test')), { instanceOf: NotFoundError });
  t.deepEqual(reports, [[bug, ask.subject]]);
});

test('a bug after the time-out is still reported', async (t) => {
  const reports = new Inbox<unknown>();
  await using bus = createInProcessBus({ onBug: reports.take });
  using gate = new Gate();
  const { ask } = testContracts();
  await bus.serve(ask, async () => {
    await gate.pass();
    throw new Error('a late bug');
  });
  await t.throwsAsync(bus.request(ask, { number: 1 }, serviceEnvelope('test'), { timeoutMs: 20 }));
  gate.open();
  t.is((await reports.received(1)).length, 1);
});

test('a handler of events does not run inside the call that publishes', async (t) => {
  await using bus = createInProcessBus();
  const { told, news } = testContracts();
  const inbox = new Inbox<Numbered>();
  await bus.subscribe([told, news], { handler: inbox.take });
  const published = bus.publish(told, numberedPayload(1), anyId());
  bus.announce(news, numberedPayload(2));
  t.is(inbox.messages.length, 0);
  await published;
  await inbox.received(2);
});

test('a subscriber that is 10,000 events behind is refused more, and the others get them', async (t) => {
  await using bus = createInProcessBus();
  using gate = new Gate();
  const { told } = testContracts();
  const quick = new Inbox<Numbered>();
  await bus.subscribe([told], { handler: () => gate.pass() });
  await bus.publish(told, numberedPayload(0), anyId());
  await someTurns();
  for (let number = 1; number <= 10_000; number += 1) await bus.publish(told, numberedPayload(number), anyId());
  await bus.subscribe([told], { handler: quick.take });
  const refused = await t.throwsAsync(bus.publish(told, numberedPayload(10_001), anyId()), {
    instanceOf: UnavailableError,
  });
  t.is(refused.code, 'backlog_full');
  t.deepEqual(await quick.received(1), [numberedPayload(10_001)]);
});

test('of the news that a slow listener misses the oldest go, and it is said once', async (t) => {
  const reports: [unknown, string][] = [];
  await using bus = createInProcessBus({ onBug: (...report) => reports.push(report) });
  using gate = new Gate();
  const { news, told } = testContracts();
  const slow = new Inbox<number>();
  const handler = async ({ number }: Numbered): Promise<void> => {
    await gate.pass();
    slow.take(number);
  };
  await bus.subscribe([news, told], { handler });
  bus.announce(news, numberedPayload(0));
  await someTurns();
  await bus.publish(told, numberedPayload(1), anyId());
  for (let number = 2; number <= 5_000; number += 1) bus.announce(news, numberedPayload(number));
  gate.open();
  const newest = Array.from({ length: 999 }, (_, index) => 4_002 + index);
  t.deepEqual(await slow.received(1_001), [0, 1, ...newest], 'the one under way, the event, the newest news');
  t.like(reports, { length: 1, 0: { 1: news.subject } });
});

test('a subscription that ends while an event waits to be tried again ends at once and leaves it to its group', async (t) => {
  const failed = new Inbox<unknown>();
  await using bus = createInProcessBus({ onBug: failed.take });
  const { told } = testContracts();
  const handler = (): void => {
    throw new UnavailableError('Not now.');
  };
  const end = await bus.subscribe([told], { group: 'g', handler });
  await bus.publish(told, numberedPayload(1), anyId());
  await failed.received(6);
  const rest = new Inbox<Numbered>();
  await bus.subscribe([told], { group: 'g', handler: rest.take });
  const startedMs = performance.now();
  await end();
  t.true(performance.now() - startedMs < 1_500, 'the next try was 1.6 s away');
  t.deepEqual(await rest.received(1), [numberedPayload(1)]);
});
