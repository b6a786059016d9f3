import type { ExecutionContext, TestFn } from 'ava';
import type { Bus } from '../bus.ts';
import type { ParkedMessage, Parking } from '../parking.ts';
import { addressBehaviours } from './address-behaviours.ts';
import { errorBehaviours } from './error-behaviours.ts';
import { eventBehaviours } from './event-behaviours.ts';
import { groupBehaviours } from './group-behaviours.ts';
import { Inbox } from './inbox.ts';
import { lifecycleBehaviours } from './lifecycle-behaviours.ts';
import { liveBehaviours } from './live-behaviours.ts';
import { parkingBehaviours } from './parking-behaviours.ts';
import { requestBehaviours } from './request-behaviours.ts';

/**
 * Behaviours by the sentence that states them; each gets a bus of its own, which is ended after it, and what that bus
 * has parked.
 */
export type BusBehaviours = Readonly<
  Record<string, (t: ExecutionContext, bus: Bus, parked: Inbox<ParkedMessage>) => Promise<void>>
>;

/**
 * What every implementation of the bus promises, as AVA tests. `open` gives a bus that is ready and parks where it is told
 * to; the suite ends it.
 */
export function busContract(test: TestFn, open: (options: { readonly parking: Parking }) => Promise<Bus>): void {
  const behaviours: BusBehaviours = {
    ...requestBehaviours,
    ...errorBehaviours,
    ...addressBehaviours,
    ...eventBehaviours,
    ...groupBehaviours,
    ...liveBehaviours,
    ...parkingBehaviours,
    ...lifecycleBehaviours,
  };
  for (const [title, behave] of Object.entries(behaviours)) {
    test(title, async (t) => {
      const parked = new Inbox<ParkedMessage>();
      await using bus = await open({ parking: { park: async (message) => parked.take(message) } });
      await behave(t, bus, parked);
    });
  }
}
