import { pause } from '../pause.ts';
import { spreadOf } from '../takeovers.ts';
import { lasting, type World } from '../world.ts';
import { CATCH_UP_MS } from './bus-faults.ts';
import type { Fault } from './fault.ts';
import { noneAnswered } from './without-redis.ts';

/** Two minutes of a run of three: its last twenty seconds are without faults. */
const OUTAGE = { seconds: 120, share: 0.67 } as const;
const WITHOUT_REDIS_P99_MS = 2_000;

/** What is asked of commands: nothing, they wait; what was accepted before is not lost, and goes on afterwards. */
export const natsAway: Fault = {
  name: 'nats-away',
  says: 'NATS is gone for two minutes',
  touches: ['nats'],
  async run(world) {
    await world.nats.kill();
    const from = Date.now();
    await pause(lasting(world, OUTAGE.seconds, OUTAGE.share), world.signal);
    const note = noteOf(world, from);
    await world.nats.restart();
    await pause(CATCH_UP_MS);
    return { times: 1, note };
  },
};

/** Redis answers who owns a session, and nothing else depends on it: commands are accepted and applied as before. */
export const redisAway: Fault = {
  name: 'redis-away',
  says: 'Redis is gone for two minutes, and comes back empty',
  touches: ['redis'],
  async run(world) {
    await world.redis.kill();
    const from = Date.now();
    await pause(lasting(world, OUTAGE.seconds, OUTAGE.share), world.signal);
    const breaches = slownessSince(world, from);
    const note = noteOf(world, from);
    await world.redis.restart();
    return { times: 1, note, breaches };
  },
};

function noteOf({ history }: World, from: number): string {
  const [now, { p50, p99 }] = [Date.now(), spreadOf(history.waits([{ from, to: Date.now() }]))];
  const seconds = Math.round((now - from) / 1_000);
  const waits = p99 === null ? 'none begun' : `p50 ${p50} ms, p99 ${p99} ms`;
  return `${seconds} s, ${history.acceptedWithin(from, now)} accepted, ${waits}`;
}

function slownessSince(world: World, from: number): string[] {
  const { history } = world;
  const now = Date.now();
  const { p99 } = spreadOf(history.waits([{ from, to: now }]));
  return [
    ...(history.acceptedWithin(from, now) === 0 ? ['nothing was accepted without Redis'] : []),
    ...noneAnswered(world, from),
    ...((p99 ?? 0) > WITHOUT_REDIS_P99_MS ? [`commands took ${p99} ms without Redis (p99)`] : []),
  ];
}
