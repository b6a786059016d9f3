import { randomUUID } from 'node:crypto';
import { pause } from '../pause.ts';
import { lasting, pendingOrder, servicesOf, workerOf, type World } from '../world.ts';
import type { Effect, Fault } from './fault.ts';
import { COMMIT } from './owner-faults.ts';

/** How long somebody who waits for a lock in the database is given to get there. */
const ARRIVES_WITHIN_MS = 10_000;
const RIVAL_HEAD_START_MS = 300;

/** Another scheduler takes over exactly while a dispatch is being committed: it must be one or the other. */
export const raceDispatch: Fault = {
  name: 'race-dispatch',
  says: 'a rival scheduler takes the leadership in the midst of a dispatching commit',
  touches: ['schedulers', 'postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 20, 0.2);
    while (performance.now() < endsAt && !world.signal.aborted) {
      times += await overtaken(world, 'dispatch', () => world.witness.query(TAKE_LEADERSHIP, [randomUUID()]));
      await pause(500);
    }
    return { times };
  },
};

/** The lease of the rival is over at once: the real ones have it back in a moment. */
const TAKE_LEADERSHIP = `update leaders set epoch = epoch + 1, holder = $1::uuid, lease_until = clock_timestamp() where role = 'scheduler'`;

/** Another owner claims a session exactly while the gate lets a call for it through. */
export const raceGate: Fault = {
  name: 'race-gate',
  says: 'a rival claims sessions in the midst of the statement that lets their OpenCode calls through',
  touches: ['gateways', 'postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 20, 0.2);
    while (performance.now() < endsAt && !world.signal.aborted) {
      times += await overtaken(world, 'gate', () => world.witness.query(CLAIM_WORKING));
      await pause(500);
    }
    return { times };
  },
};

/** What a claim by somebody who died right after it leaves behind. In the order of ids, as all who write to sessions. */
const CLAIM_WORKING = `update sessions set owner = null, owner_epoch = owner_epoch + 1
where id in (select id from sessions where status in ('running', 'degraded') order by id for update)`;

/** Owners lose what they own to somebody else, who then dies, again and again: their commits under way must change nothing. */
export const rivalClaims: Fault = {
  name: 'rival-claims',
  says: 'sessions are taken from their living owners, all of them, again and again',
  touches: ['actors', 'postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 20, 0.2);
    while (performance.now() < endsAt && !world.signal.aborted) {
      times += (await world.witness.query(CLAIM_LIVING)).length;
      await pause(world.random.int(100, 400));
    }
    return { times };
  },
};

const CLAIM_LIVING = `update sessions set owner = null, owner_epoch = owner_epoch + 1
where id in (select id from sessions where status in ('pending', 'queued', 'running', 'degraded', 'paused') order by id for update)
returning id`;

/** Lets `rival` try while a statement of the product waits at that point. Returns how often that came about. */
async function overtaken(world: World, point: 'dispatch' | 'gate', rival: () => Promise<unknown>): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const barrier = stack.use(await world.witness.block(point));
  const giveUpAt = performance.now() + ARRIVES_WITHIN_MS;
  while ((await barrier.waiting()) === 0) {
    if (performance.now() > giveUpAt) return 0;
    await pause(20);
  }
  const done = rival();
  await pause(RIVAL_HEAD_START_MS);
  await stack.disposeAsync();
  await done;
  return 1;
}

const HELD_FOR_MS = 25_000;

/**
 * A commit leaves its owner and is under way for so long that the owner counts as dead, and another one has claimed the
 * session without changing it. When the commit arrives at last, it must change nothing.
 */
export const stallCommit: Fault = {
  name: 'stall-commit',
  says: 'a commit is held back on its way until another worker owns the session; then it arrives',
  touches: ['actors', 'postgres'],
  async run(world): Promise<Effect> {
    const created = await world.client.create(pendingOrder(world));
    const { sessionId } = created;
    if (!sessionId) return { times: 0, note: 'no session could be made' };
    const [row] = await world.witness.query<{ owner: string }>('select owner::text from sessions where id = $1', [
      sessionId,
    ]);
    const owner = await ownerProcess(world, row?.owner ?? '');
    if (!owner) return { times: 0, note: 'its owner has gone' };
    const { promise: left, resolve } = Promise.withResolvers<void>();
    owner.links.postgres.holdAt(COMMIT, sessionId, resolve);
    const started = world.client.command('start', sessionId);
    await Promise.race([left, pause(ARRIVES_WITHIN_MS)]);
    const claimed = await claimedByAnother(world, sessionId, row?.owner ?? '');
    owner.heal();
    await started;
    await pause(1_000);
    return { times: claimed ? 1 : 0 };
  },
};

async function ownerProcess(world: World, incarnation: string) {
  for (const actor of servicesOf(world, 'session-actor'))
    if (actor.isServing && (await workerOf(world, actor)).incarnation === incarnation) return actor;
  return null;
}

/** An order that the state does not allow: whoever gets it claims the session, and commits nothing. */
async function claimedByAnother(world: World, sessionId: string, owner: string): Promise<boolean> {
  const giveUpAt = performance.now() + HELD_FOR_MS;
  while (performance.now() < giveUpAt) {
    await world.client.tryOnce('resume', sessionId);
    const rows = await world.witness.query('select 1 from chaos.claims where session_id = $1 and owner <> $2::uuid', [
      sessionId,
      owner,
    ]);
    if (rows.length > 0) return true;
    await pause(500);
  }
  return false;
}
