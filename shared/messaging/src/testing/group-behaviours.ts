import type { BusBehaviours } from './bus-contract.ts';
import { Gate } from './gate.ts';
import { Inbox } from './inbox.ts';
import { anyId, type Numbered, numberedPayload, testContracts } from './test-contracts.ts';

const EVENTS = 40;

export const groupBehaviours: BusBehaviours = {
  async 'an event reaches every group once and every subscriber without a group'(t, bus) {
    const { told } = testContracts();
    const inboxes = { a: new Inbox<number>(), b: new Inbox<number>(), single: new Inbox<number>() };
    const into = (inbox: Inbox<number>) => ({ handler: ({ number }: Numbered) => inbox.take(number) });
    for (const group of ['a', 'a', 'a', 'b'] as const) await bus.subscribe([told], { group, ...into(inboxes[group]) });
    const other = new Inbox<number>();
    for (const inbox of [inboxes.single, other]) await bus.subscribe([told], into(inbox));

    const numbers = Array.from({ length: EVENTS }, (_, number) => number);
    for (const number of numbers) await bus.publish(told, numberedPayload(number), anyId());
    for (const inbox of [inboxes.a, inboxes.b, inboxes.single, other]) {
      t.deepEqual([...(await inbox.received(EVENTS))].toSorted(byValue), numbers);
    }
  },

  async 'a member that is busy does not keep the events from the rest of its group'(t, bus) {
    using gate = new Gate();
    const { told } = testContracts();
    const others = new Inbox<number>();
    let isHeld = false;
    const handler = async ({ number }: Numbered): Promise<void> => {
      if (isHeld) return others.take(number);
      isHeld = true;
      await gate.pass();
    };
    for (const group of ['g', 'g']) await bus.subscribe([told], { group, handler });
    for (let number = 0; number < EVENTS; number += 1) await bus.publish(told, numberedPayload(number), anyId());
    await t.notThrowsAsync(others.received(EVENTS / 4));
  },

  async 'the events that wait for a member that leaves go to the rest of its group'(t, bus) {
    using gate = new Gate();
    const { told } = testContracts();
    const handled = new Inbox<number>();
    const handler = async ({ number }: Numbered): Promise<void> => {
      await gate.pass();
      handled.take(number);
    };
    const leave = await bus.subscribe([told], { group: 'g', handler });
    await bus.subscribe([told], { group: 'g', handler });
    const numbers = Array.from({ length: EVENTS }, (_, number) => number);
    for (const number of numbers) await bus.publish(told, numberedPayload(number), anyId());
    const left = leave();
    gate.open();
    await left;
    t.deepEqual([...new Set(await handled.received(EVENTS))].toSorted(byValue), numbers);
  },
};

function byValue(a: number, b: number): number {
  return a - b;
}
