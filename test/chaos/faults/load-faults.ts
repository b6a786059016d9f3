import { pause } from '../pause.ts';
import { lasting } from '../world.ts';
import type { Fault } from './fault.ts';

const FIVEFOLD = 4;

export const overload: Fault = {
  name: 'overload',
  says: 'five times as many clients for a minute',
  touches: ['load'],
  async run(world) {
    const before = world.history.acceptedWithin(Date.now() - 5_000, Date.now()) / 5;
    const from = Date.now();
    const more = world.load.more(world.load.users * FIVEFOLD);
    await pause(lasting(world, 60, 0.3), world.signal);
    more[Symbol.dispose]();
    const during = world.history.acceptedWithin(from, Date.now()) / ((Date.now() - from) / 1_000);
    return { times: 1, note: `${before.toFixed(0)}/s before, ${during.toFixed(0)}/s during` };
  },
};
