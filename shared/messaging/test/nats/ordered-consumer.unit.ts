import { type ConsumerConfig, type ConsumerInfo, DeliverPolicy, type StreamInfo } from '@nats-io/jetstream';
import test from 'ava';
import type { Msg } from 'nats';
import { OrderedConsumer } from '../../src/nats/ordered-consumer.ts';

const STARTED = '2026-01-01T00:00:00.000Z';
const A_MINUTE_BEFORE_THE_START = '2025-12-31T23:59:00.000Z';
/** When the event at place 5 was stored, and what a minute before it is in words. */
const STORED_MS = Date.parse('2026-01-01T00:10:00.000Z');
const A_MINUTE_BEFORE = '2026-01-01T00:09:00.000Z';

/** A subscriber to a stream that says of itself what the test wants, and that writes down what it is asked for. */
class Rig {
  stream = { created: 'once', first_seq: 1, last_seq: 4 };
  asked: Partial<ConsumerConfig> = {};
  readonly consumer = new OrderedConsumer(
    {
      ensure: async () => ({ created: this.stream.created, state: this.stream }) as unknown as StreamInfo,
      addConsumer: async (asked) => {
        this.asked = asked;
        const next = asked.opt_start_seq ?? this.stream.last_seq + 1;
        return { name: 'c', created: STARTED, delivered: { stream_seq: next - 1 } } as ConsumerInfo;
      },
    },
    { filter: 'events.>', prefix: 'test' },
  );

  static async opened(): Promise<Rig> {
    const rig = new Rig();
    await rig.consumer.open();
    return rig;
  }

  /** One that has heard the event at place 5. */
  static async heard(): Promise<Rig> {
    const rig = await Rig.opened();
    rig.receive(5);
    rig.stream.last_seq = 5;
    return rig;
  }

  receive(streamSeq: number, { consumerSeq = 1, storedMs = STORED_MS } = {}): string {
    const reply = `$JS.ACK.OIO_EVENTS.c.1.${streamSeq}.${consumerSeq}.${storedMs}000000.0`;
    return this.consumer.receive({ reply } as Msg);
  }
}

test('a subscriber begins with the events to come', async (t) => {
  const rig = await Rig.opened();
  t.is(rig.asked.deliver_policy, DeliverPolicy.New);
  t.is(rig.receive(5), 'take');
});

for (const [what, lastSeq] of [
  ['has not moved', 4],
  ['has lost its end and was filled again', 6],
] as const) {
  test(`while it has heard none it goes on by the time, by which it misses nothing: the stream ${what}`, async (t) => {
    const rig = await Rig.opened();
    rig.stream.last_seq = lastSeq;
    await rig.consumer.open();
    t.like(rig.asked, { deliver_policy: DeliverPolicy.StartTime, opt_start_time: A_MINUTE_BEFORE_THE_START });
    t.is(rig.receive(3), 'take');
    await rig.consumer.open();
    t.is(rig.asked.opt_start_seq, 3);
  });
}

test('a stream that was empty when it began is read from its first event', async (t) => {
  const rig = new Rig();
  rig.stream.last_seq = 0;
  await rig.consumer.open();
  rig.stream.last_seq = 3;
  await rig.consumer.open();
  t.is(rig.asked.opt_start_seq, 1);
});

test('it goes on with the last event that it has heard, which is known again and not handed out', async (t) => {
  const rig = await Rig.heard();
  await rig.consumer.open();
  t.is(rig.asked.opt_start_seq, 5);
  t.is(rig.receive(5), 'again');
  t.is(rig.receive(6, { consumerSeq: 2 }), 'take');
});

test('it goes on behind that one when it is there no more because of its age', async (t) => {
  const rig = await Rig.heard();
  rig.stream = { ...rig.stream, first_seq: 8, last_seq: 9 };
  await rig.consumer.open();
  t.is(rig.asked.opt_start_seq, 6);
  t.is(rig.receive(8), 'take');
});

for (const [what, streamSeq] of [
  ['another event with its number', 5],
  ['a later event', 6],
] as const) {
  test(`${what} in its place means that the stream has lost its end: it is read by the time, once`, async (t) => {
    const rig = await Rig.heard();
    await rig.consumer.open();
    t.is(rig.receive(streamSeq, { storedMs: STORED_MS + 1 }), 'gap');
    await rig.consumer.open();
    t.like(rig.asked, { deliver_policy: DeliverPolicy.StartTime, opt_start_time: A_MINUTE_BEFORE });
    t.is(rig.receive(3), 'take');
    await rig.consumer.open();
    t.is(rig.asked.opt_start_seq, 3);
  });
}

test('so does a stream that ends before it, also for one that has heard nothing', async (t) => {
  const rig = await Rig.heard();
  rig.stream.last_seq = 2;
  await rig.consumer.open();
  t.is(rig.asked.opt_start_time, A_MINUTE_BEFORE);
  const silent = await Rig.opened();
  silent.stream.last_seq = 2;
  await silent.consumer.open();
  t.is(silent.asked.opt_start_time, A_MINUTE_BEFORE_THE_START);
});

test('all of a stream that was made anew is new', async (t) => {
  const rig = await Rig.heard();
  rig.stream = { created: 'again', first_seq: 1, last_seq: 7 };
  await rig.consumer.open();
  t.is(rig.asked.opt_start_seq, 1);
  t.is(rig.receive(1), 'take');
});
