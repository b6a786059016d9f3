import type { BusBehaviours } from './bus-contract.ts';
import { Gate } from './gate.ts';
import { Inbox } from './inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from './test-contracts.ts';

const FLOOD = 50_000;

export const liveBehaviours: BusBehaviours = {
  async 'news reaches every listener in order'(t, bus) {
    const { news } = testContracts();
    const inboxes = [new Inbox<Numbered>(), new Inbox<Numbered>()];
    for (const inbox of inboxes) await bus.subscribe([news], { handler: inbox.take });
    for (const number of [1, 2, 3]) bus.announce(news, numberedPayload(number));
    for (const inbox of inboxes) t.deepEqual(await inbox.received(3), [1, 2, 3].map(numberedPayload));
  },

  async 'news that nobody listens to is dropped without a word to the announcer'(t, bus) {
    const { news } = testContracts();
    t.notThrows(() => bus.announce(news, numberedPayload(0)));
    const inbox = new Inbox<Numbered>();
    await bus.subscribe([news], { handler: inbox.take });
    bus.announce(news, numberedPayload(2));
    t.deepEqual(await inbox.received(1), [numberedPayload(2)]);
  },

  async 'news whose handler throws does not come again, and the next arrives'(t, bus) {
    const { news } = testContracts();
    const deliveries = new Inbox<number>();
    const handler = async ({ number }: Numbered): Promise<void> => {
      deliveries.take(number);
      throw new Error('a bug');
    };
    await bus.subscribe([news], { handler });
    for (const number of [1, 2, 3]) bus.announce(news, numberedPayload(number));
    t.deepEqual(await deliveries.received(3), [1, 2, 3]);
  },

  async 'a slow listener holds up neither the announcer nor the others, and misses what is too much'(t, bus) {
    using gate = new Gate();
    const { news, told } = testContracts();
    const slow = new Inbox<number>();
    const end = new Inbox<Numbered>();
    const handler = async (message: Numbered): Promise<void> => {
      await gate.pass();
      if (message.note === 'end') end.take(message);
      else slow.take(message.number);
    };
    await bus.subscribe([news, told], { handler });
    const quick = new Inbox<Numbered>();
    const quickEnd = new Inbox<Numbered>();
    const sort = (message: Numbered): void => (message.note === 'end' ? quickEnd : quick).take(message);
    await bus.subscribe([news, told], { handler: sort });
    for (let number = 0; number < FLOOD; number += 1) bus.announce(news, numberedPayload(number));
    await bus.publish(told, { number: FLOOD, note: 'end' }, anyId());
    await quickEnd.received(1);
    t.true(quick.messages.length > 0);
    gate.open();
    await end.received(1);
    t.true(slow.messages.length < FLOOD / 2, `${slow.messages.length} of ${FLOOD} were kept for a slow listener`);
    t.deepEqual(
      slow.messages,
      slow.messages.toSorted((a, b) => a - b),
      'in order',
    );
  },
};
