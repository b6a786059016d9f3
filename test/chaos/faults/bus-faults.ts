import { connect } from 'node:net';
import { once } from 'node:events';
import { pause } from '../pause.ts';
import { lasting, type World } from '../world.ts';
import type { Fault } from './fault.ts';
import { noneAnswered } from './without-redis.ts';

/** Clients have this long to come back and catch up, before the next time. */
export const CATCH_UP_MS = 5_000;

export const natsKill: Fault = {
  name: 'nats-kill',
  says: 'SIGKILL NATS and start it again after 1, 30 and 120 s',
  touches: ['nats'],
  async run(world) {
    const outages: string[] = [];
    for (const ms of [1_000, lasting(world, 30, 0.1), lasting(world, 120, 0.25)]) {
      if (world.signal.aborted) break;
      await world.nats.kill();
      const from = performance.now();
      await pause(ms, world.signal);
      outages.push(`${Math.round((performance.now() - from) / 1_000)} s`);
      await world.nats.restart();
      await pause(CATCH_UP_MS);
    }
    return { times: outages.length, note: outages.join(', ') };
  },
};

export const natsStop: Fault = {
  name: 'nats-stop',
  says: 'SIGSTOP NATS for 60 s',
  touches: ['nats'],
  async run(world) {
    await world.nats.freeze();
    await pause(lasting(world, 60, 0.25), world.signal);
    world.nats.thaw();
    await pause(CATCH_UP_MS);
    return { times: 1 };
  },
};

export const natsCut: Fault = {
  name: 'nats-cut',
  says: 'reset, delay and swallow what single services say to NATS',
  touches: ['nats'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 30, 0.2);
    while (performance.now() < endsAt && !world.signal.aborted) {
      const service = world.random.pick(world.services);
      const { nats } = service.links;
      if (world.random.chance(0.5)) times += nats.cut();
      else {
        nats.delay(world.random.int(20, 200));
        if (world.random.chance(0.3)) nats.blackhole(world.random.pick(['up', 'down']));
        await pause(world.random.int(500, 3_000));
        nats.heal();
        times += 1;
      }
      await pause(world.random.int(50, 500));
    }
    await pause(CATCH_UP_MS);
    return { times };
  },
};

export const redisKill: Fault = {
  name: 'redis-kill',
  says: 'SIGKILL Redis; it comes back empty',
  touches: ['redis'],
  async run(world) {
    await world.redis.kill();
    const from = Date.now();
    await pause(lasting(world, 120, 0.2), world.signal);
    const breaches = noneAnswered(world, from);
    await world.redis.restart();
    return { times: 1, breaches };
  },
};

export const redisFlush: Fault = {
  name: 'redis-flush',
  says: 'FLUSHALL every 500 ms',
  touches: ['redis'],
  async run(world) {
    let times = 0;
    const from = Date.now();
    const endsAt = performance.now() + lasting(world, 60, 0.3);
    for (; performance.now() < endsAt && !world.signal.aborted; times += 1) {
      await flush(world);
      await pause(500);
    }
    return { times, breaches: noneAnswered(world, from) };
  },
};

export const redisStop: Fault = {
  name: 'redis-stop',
  says: 'SIGSTOP Redis for 30 s',
  touches: ['redis'],
  async run(world) {
    await world.redis.freeze();
    const from = Date.now();
    await pause(lasting(world, 30, 0.2), world.signal);
    const breaches = noneAnswered(world, from);
    world.redis.thaw();
    return { times: 1, breaches };
  },
};

async function flush({ redis }: World): Promise<void> {
  const { username, password } = new URL(redis.url);
  const socket = connect(redis.port, '127.0.0.1').on('error', () => {});
  const login = password ? `AUTH ${username || 'default'} ${decodeURIComponent(password)}\r\n` : '';
  socket.write(`${login}FLUSHALL\r\n`);
  await Promise.race([once(socket, 'data'), once(socket, 'close'), pause(500)]);
  socket.destroy();
}
