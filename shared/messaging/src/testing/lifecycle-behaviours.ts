import { UnavailableError } from '@oio/errors';
import { serviceEnvelope } from '../envelope.ts';
import type { BusBehaviours } from './bus-contract.ts';
import { Gate, someTurns } from './gate.ts';
import { Inbox } from './inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from './test-contracts.ts';

export const lifecycleBehaviours: BusBehaviours = {
  async 'what is no longer served has no responders, and its other servers go on'(t, bus) {
    const { ask } = testContracts();
    const handler = async (): Promise<{ by: string }> => ({ by: 'any' });
    const ends = [await bus.serve(ask, handler), await bus.serve(ask, handler)];
    await ends[0]?.();
    t.deepEqual(await bus.request(ask, { number: 1 }, serviceEnvelope('test')), { by: 'any' });
    await ends[1]?.();
    const error = await t.throwsAsync(bus.request(ask, { number: 2 }, serviceEnvelope('test')), {
      instanceOf: UnavailableError,
    });
    t.is(error.code, 'no_responders');
  },

  async 'the end of serving waits for the request under way, which is answered'(t, bus) {
    using work = new SlowWork();
    const { ask } = testContracts();
    const end = await bus.serve(ask, async () => {
      await work.handle();
      return { by: 'the last of it' };
    });
    const answer = bus.request(ask, { number: 1 }, serviceEnvelope('test'));
    await work.endInTheMiddle({ [Symbol.asyncDispose]: end });
    t.deepEqual(work.order, ['handled', 'ended']);
    t.deepEqual(await answer, { by: 'the last of it' });
  },

  async 'after the end of a subscription nothing is delivered to it'(t, bus) {
    const { told, news } = testContracts();
    const [ended, going] = [new Inbox<Numbered>(), new Inbox<Numbered>()];
    const end = await bus.subscribe([told, news], { handler: ended.take });
    await bus.subscribe([told, news], { handler: going.take });
    await bus.publish(told, numberedPayload(1), anyId());
    await ended.received(1);
    await end();
    await bus.publish(told, numberedPayload(2), anyId());
    bus.announce(news, numberedPayload(3));
    await going.received(3);
    t.deepEqual(ended.messages, [numberedPayload(1)]);
  },

  async 'the end of the bus waits for the requests under way'(t, bus) {
    using work = new SlowWork();
    const { ask } = testContracts();
    await bus.serve(ask, async () => {
      await work.handle();
      return { by: 'nobody waits' };
    });
    bus.request(ask, { number: 1 }, serviceEnvelope('test')).catch(() => {});
    await work.endInTheMiddle(bus);
    t.deepEqual(work.order, ['handled', 'ended']);
  },

  async 'the end of the bus waits for the event under way'(t, bus) {
    using work = new SlowWork();
    const { told } = testContracts();
    await bus.subscribe([told], { handler: () => work.handle() });
    await bus.publish(told, numberedPayload(1), anyId());
    await work.endInTheMiddle(bus);
    t.deepEqual(work.order, ['handled', 'ended']);
  },

  async 'a bus that has ended refuses everything as unavailable, and may be ended again'(t, bus) {
    const { ask, told, news } = testContracts();
    await bus.serve(ask, async () => ({ by: 'any' }));
    await bus[Symbol.asyncDispose]();
    await bus[Symbol.asyncDispose]();
    const refused = [
      () => bus.request(ask, { number: 1 }, serviceEnvelope('test')),
      () => bus.publish(told, numberedPayload(1), anyId()),
      () => bus.serve(ask, async () => ({ by: 'any' })),
      () => bus.subscribe([told], { handler: () => {} }),
    ];
    for (const attempt of refused) {
      const error = await t.throwsAsync(attempt(), { instanceOf: UnavailableError });
      t.is(error.code, 'bus_closed');
    }
    t.notThrows(() => bus.announce(news, numberedPayload(1)));
  },
};

/** A handler that is in the middle of its work when something is ended, and says what was over first. */
class SlowWork extends Gate {
  readonly order: string[] = [];
  readonly #started = Promise.withResolvers<void>();

  async handle(): Promise<void> {
    this.#started.resolve();
    await this.pass();
    await someTurns();
    this.order.push('handled');
  }

  async endInTheMiddle(what: AsyncDisposable): Promise<void> {
    await this.#started.promise;
    const ended = what[Symbol.asyncDispose]().then(() => this.order.push('ended'));
    await someTurns();
    this.open();
    await ended;
  }
}
