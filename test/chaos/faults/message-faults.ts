import { pause } from '../pause.ts';
import { pendingOrder, pickService, servicesOf, type World } from '../world.ts';
import type { Fault } from './fault.ts';
import { roll } from './stop-faults.ts';

/** Old messages and snapshots are there when the new processes come. There is one version as yet, so that "old" is "other". */
export const rollingUpgrade: Fault = {
  name: 'rolling-upgrade',
  says: 'services are replaced one by one while messages and a snapshot of other versions are there',
  touches: roll.touches,
  async run(world) {
    const { sessionId: id } = await world.client.create(pendingOrder(world));
    if (!id) return { times: 0, note: 'no session could be made' };
    for (const body of ['{"v":99,"id":"x:1","payload":{}}', '{"old":true}'])
      world.bus.send('events.session.queued', body);
    const { rolled, answer } = await whileUnreadable(world, id, async () => {
      const done = { rolled: await roll.run(world), answer: await world.client.tryOnce('start', id) };
      await pause(1_000);
      return done;
    });
    const actors = servicesOf(world, 'session-actor');
    const repaired = await world.client.command('cancel', id);
    const breaches = [
      ...(rolled.breaches ?? []),
      ...(answer.status !== null && answer.status < 400 ? ['an unreadable snapshot was taken for a session'] : []),
      ...actors.filter(({ program }) => program.hasDied).map(({ name }) => `${name} died of an unreadable snapshot`),
      ...(repaired.outcome === 'accepted' ? [] : ['a session stayed away after its snapshot could be read again']),
    ];
    return { ...rolled, breaches };
  },
};

/** Whatever becomes of the task, the session can be read again afterwards: what breaks it must not be the harness. */
async function whileUnreadable<T>({ witness }: World, id: string, task: () => Promise<T>): Promise<T> {
  const [kept] = await witness.query<{ state: string }>(STATE, [id]);
  await witness.query(SET_STATE, [id, '{"id": "broken"}']);
  try {
    return await task();
  } finally {
    await witness.query(SET_STATE, [id, kept?.state]);
  }
}

/** Of a session that waits for nothing, so that nobody but its client asks for it while no version can read it. */
const STATE = 'select state::text from sessions where id = $1::uuid';
const SET_STATE = 'update sessions set state = $2 where id = $1::uuid';

export const restartMetrics: Fault = {
  name: 'kill-metrics',
  says: 'SIGKILL the metrics service',
  touches: ['metrics'],
  async run(world) {
    const metrics = pickService(world, 'metrics');
    await metrics.program.kill();
    await pause(1_000);
    await metrics.start();
    return { times: 1 };
  },
};

export const killHttp: Fault = {
  name: 'kill-http',
  says: 'SIGKILL an http-gateway while it answers',
  touches: ['http'],
  async run(world) {
    const gateway = pickService(world, 'http-gateway');
    await gateway.program.kill();
    await pause(world.random.int(200, 2_000));
    await gateway.start();
    return { times: 1 };
  },
};
