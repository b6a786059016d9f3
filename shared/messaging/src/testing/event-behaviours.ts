import { InvalidError, UnavailableError } from '@oio/errors';
import type { BusBehaviours } from './bus-contract.ts';
import { someTurns } from './gate.ts';
import { Inbox } from './inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from './test-contracts.ts';

const EVENTS = 300;

export const eventBehaviours: BusBehaviours = {
  async 'an event that nobody listens to is published all the same'(t, bus) {
    await t.notThrowsAsync(bus.publish(testContracts().told, numberedPayload(1), anyId()));
  },

  async 'the events of a publisher arrive in the order it published them, also of several contracts'(t, bus) {
    const { told, toldToo } = testContracts();
    const inbox = new Inbox<Numbered>();
    await bus.subscribe([told, toldToo], { handler: inbox.take });
    const numbers = Array.from({ length: EVENTS }, (_, number) => number);
    await Promise.all(
      numbers.map((number) => bus.publish(number % 2 ? told : toldToo, numberedPayload(number), anyId())),
    );
    t.deepEqual(numbersOf(await inbox.received(EVENTS)), numbers);
  },

  async 'a handler is given one event at a time'(t, bus) {
    const { told } = testContracts();
    const inbox = new Inbox<Numbered>();
    let atOnce = 0;
    let most = 0;
    const handler = async (message: Numbered): Promise<void> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await someTurns();
      atOnce -= 1;
      inbox.take(message);
    };
    await bus.subscribe([told], { handler });
    await Promise.all([1, 2, 3, 4, 5].map((number) => bus.publish(told, numberedPayload(number), anyId())));
    await inbox.received(5);
    t.is(most, 1);
  },

  async 'an event that is published the moment the last one was handled arrives too'(t, bus) {
    const { told } = testContracts();
    const inbox = new Inbox<Numbered>();
    const publishLater = async (number: number): Promise<void> => {
      for (let later = 0; later < number % 12; later += 1) await Promise.resolve();
      await bus.publish(told, numberedPayload(number), anyId());
    };
    const handler = (message: Numbered): void => {
      inbox.take(message);
      if (message.number < 50) publishLater(message.number + 1).catch(t.fail);
    };
    await bus.subscribe([told], { handler });
    await publishLater(1);
    t.is((await inbox.received(50)).length, 50);
  },

  async 'an event whose handler throws comes again, and the later ones wait for it'(t, bus) {
    const { told } = testContracts();
    const deliveries: number[] = [];
    const inbox = new Inbox<Numbered>();
    const failures = new Map<number, Error[]>([
      [2, [new Error('a bug'), new Error('a bug')]],
      [4, [new UnavailableError('The database is away.')]],
    ]);
    const handler = async (message: Numbered): Promise<void> => {
      deliveries.push(message.number);
      const failure = failures.get(message.number)?.pop();
      if (failure) throw failure;
      inbox.take(message);
    };
    await bus.subscribe([told], { handler });
    for (const number of [1, 2, 3, 4, 5]) await bus.publish(told, numberedPayload(number), anyId());
    t.deepEqual(numbersOf(await inbox.received(5)), [1, 2, 3, 4, 5]);
    t.deepEqual(deliveries, [1, 2, 2, 2, 3, 4, 4, 5]);
  },

  async 'an event that retrying never helps is parked, and the later ones arrive'(t, bus) {
    const { told } = testContracts();
    const deliveries = new Inbox<Numbered>();
    const handler = async (message: Numbered): Promise<void> => {
      deliveries.take(message);
      if (message.number === 1) throw new InvalidError('Nothing can be done with this.');
    };
    await bus.subscribe([told], { handler });
    for (const number of [1, 2, 3]) await bus.publish(told, numberedPayload(number), anyId());
    t.deepEqual(numbersOf(await deliveries.received(3)), [1, 2, 3]);
  },
};

function numbersOf(messages: readonly Numbered[]): number[] {
  return messages.map(({ number }) => number);
}
