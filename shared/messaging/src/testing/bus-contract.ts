import type { ExecutionContext, TestFn } from 'ava';
import type { Bus } from '../bus.ts';
import { addressBehaviours } from './address-behaviours.ts';
import { errorBehaviours } from './error-behaviours.ts';
import { eventBehaviours } from './event-behaviours.ts';
import { groupBehaviours } from './group-behaviours.ts';
import { lifecycleBehaviours } from './lifecycle-behaviours.ts';
import { liveBehaviours } from './live-behaviours.ts';
import { requestBehaviours } from './request-behaviours.ts';

/** Behaviours by the sentence that states them; each gets a bus of its own, which is ended after it. */
export type BusBehaviours = Readonly<Record<string, (t: ExecutionContext, bus: Bus) => Promise<void>>>;

/** What every implementation of the bus promises, as AVA tests. `open` gives a bus that is ready; the suite ends it. */
export function busContract(test: TestFn, open: () => Promise<Bus>): void {
  const behaviours: BusBehaviours = {
    ...requestBehaviours,
    ...errorBehaviours,
    ...addressBehaviours,
    ...eventBehaviours,
    ...groupBehaviours,
    ...liveBehaviours,
    ...lifecycleBehaviours,
  };
  for (const [title, behave] of Object.entries(behaviours)) {
    test(title, async (t) => {
      await using bus = await open();
      await behave(t, bus);
    });
  }
}
