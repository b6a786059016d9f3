import { pause } from '../pause.ts';
import { lasting, servicesOf } from '../world.ts';
import type { Fault } from './fault.ts';
import { COMMIT } from './owner-faults.ts';

export const pgTerminate: Fault = {
  name: 'pg-terminate',
  says: 'pg_terminate_backend on a random backend every 200 ms',
  touches: ['postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 30, 0.25);
    while (performance.now() < endsAt && !world.signal.aborted) {
      const rows = await world.witness.query<{ ended: boolean }>(TERMINATE);
      times += rows.length;
      await pause(200);
    }
    return { times };
  },
};

const TERMINATE = `select pg_terminate_backend(pid) as ended from (
  select pid from pg_stat_activity where backend_type = 'client backend' and application_name <> 'chaos' and pid <> pg_backend_pid()
  order by random() limit 1) as victims`;

export const pgCutAtCommit: Fault = {
  name: 'pg-cut-at-commit',
  says: 'reset the connection just before a commit, just after it was sent, and when its answer comes',
  // Without NATS nothing is committed that could be cut.
  touches: ['postgres', 'nats'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 30, 0.25);
    while (performance.now() < endsAt && !world.signal.aborted) {
      const callOffs = servicesOf(world, 'session-actor').map(({ links }) =>
        links.postgres.trip(COMMIT, world.random.pick(['before', 'during', 'after']), () => {
          times += 1;
        }),
      );
      await pause(world.random.int(200, 800));
      for (const callOff of callOffs) callOff();
    }
    return { times };
  },
};

export const pgRestart: Fault = {
  name: 'pg-restart',
  says: 'an immediate shutdown of PostgreSQL, and its start a moment later',
  touches: ['postgres'],
  async run(world) {
    await world.postgres.crash();
    await pause(world.random.int(100, 2_000));
    await world.postgres.restart();
    await pause(2_000);
    return { times: 1 };
  },
};

/**
 * No machine lets an ordinary user slow its disk down. What a commit waits for is the same: with a standby that never comes,
 * every commit is written and then waits until the setting is taken back, for 700 ms at most.
 */
export const slowDisk: Fault = {
  name: 'slow-disk',
  says: 'every commit becomes durable up to 700 ms late',
  touches: ['postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 30, 0.25);
    while (performance.now() < endsAt && !world.signal.aborted) {
      await setStandby(world.witness, "'nobody'");
      await pause(SLOW_MS);
      await setStandby(world.witness, "''");
      await pause(10);
      times += 1;
    }
    return { times };
  },
};

const SLOW_MS = 700;

async function setStandby(witness: { query(sql: string): Promise<unknown> }, names: string): Promise<void> {
  await witness.query(`alter system set synchronous_standby_names = ${names}`);
  await witness.query('select pg_reload_conf()');
}

/**
 * A disk of the whole machine is nobody's to fill. The product sees of it what PostgreSQL says when a table cannot grow:
 * the statement fails with 53100 and its transaction is rolled back. (A full disk under the write-ahead log stops the
 * server: that is `pg-restart`.)
 */
export const fullDisk: Fault = {
  name: 'full-disk',
  says: 'tables cannot grow: No space left on device',
  touches: ['postgres'],
  async run(world) {
    await using stack = new AsyncDisposableStack();
    stack.use(await world.witness.fail('event', { share: 0.7 }));
    const startedAt = Date.now();
    await pause(lasting(world, 20, 0.15), world.signal);
    return { times: 1, note: `for ${Math.round((Date.now() - startedAt) / 1_000)} s` };
  },
};

export const slowCommits: Fault = {
  name: 'slow-commits',
  says: 'some commits take their time after they have got their place in the order, so that later ones overtake them',
  touches: ['postgres'],
  async run(world) {
    await using stack = new AsyncDisposableStack();
    stack.use(await world.witness.slow('event', { share: 0.2, ms: 400 }));
    await pause(lasting(world, 30, 0.25), world.signal);
    return { times: 1 };
  },
};
