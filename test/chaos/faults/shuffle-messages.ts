import { historyGrown } from '@oio/contracts';
import { StreamFollowers } from '../load/stream-followers.ts';
import { pause } from '../pause.ts';
import { lasting, type World } from '../world.ts';
import type { Effect, Fault } from './fault.ts';

const WINDOW = 20;
const EVERY_MS = 200;

/**
 * News of what was committed comes one to three times and out of order to each process that hears it, and events that were
 * published are published again: consumers must see that, count it once, and read from the store what they miss in between.
 */
export const shuffleMessages: Fault = {
  name: 'shuffle-messages',
  says: 'news and events come one to three times, shuffled in a window of 20',
  touches: ['nats'],
  async run(world): Promise<Effect> {
    const from = Date.now();
    using followers = new StreamFollowers(world);
    const times = await shuffled(world, followers);
    const breaches = await followers.breaches(() => world.isAloneSince(from));
    const note = `${followers.events} events in ${followers.count} streams`;
    // Whoever follows nothing has judged nothing.
    return { times: followers.events === 0 ? 0 : times, note, breaches };
  },
};

async function shuffled(world: World, followers: StreamFollowers): Promise<number> {
  const { random, services, bus, signal } = world;
  let times = 0;
  const mixed = (messages: readonly Buffer[]): readonly Buffer[] => {
    times += messages.length;
    return random.shuffled(messages.flatMap((message) => Array.from({ length: random.int(1, 3) }, () => message)));
  };
  const reordering = { subject: historyGrown.subject, window: WINDOW, mixed };
  for (const { links } of services) links.nats.reorder(reordering);
  const endsAt = performance.now() + lasting(world, 30, 0.3);
  while (performance.now() < endsAt && !signal.aborted) {
    const again = bus.recent(WINDOW).flatMap((message) => Array.from({ length: random.int(0, 2) }, () => message));
    for (const message of random.shuffled(again)) bus.repeat(message);
    await followers.followNewest();
    await pause(EVERY_MS);
  }
  for (const { links } of services) links.nats.reorder(null);
  return times;
}
