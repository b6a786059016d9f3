import { randomUUID } from 'node:crypto';
import { pause } from '../pause.ts';
import { lasting, lose, pickService, servicesOf, workerOf, type World } from '../world.ts';
import { workOf } from '../takeovers.ts';
import type { ServiceProcess } from '../fleet/service-process.ts';
import { failedEarly, failedSince, failuresAlone, noFailures } from './client-errors.ts';
import type { Effect, Fault } from './fault.ts';

/** How the commit statement is known on its way to the database: by the name under which it is prepared. */
export const COMMIT = 'commit_sessions';
const STRIKES_WITHIN_MS = 5_000;
/** The lease of a worker, and a moment for another one to take over. */
const BEYOND_LEASE_MS = 9_500;
const HALF_LEASE_MS = 3_000;

export const killOwner: Fault = {
  name: 'kill-owner',
  says: 'SIGKILL a session-actor: idle, before its commit leaves, while it is on the way, or when the commit is made and nobody knows yet',
  touches: ['actors'],
  async run(world) {
    const actor = pickService(world, 'session-actor');
    const moment = world.random.pick(['idle', 'before', 'during', 'after'] as const);
    const worker = await workerOf(world, actor);
    const struck = moment === 'idle' || (await tripped(actor, moment));
    // Where no commit came by, it is killed all the same.
    lose(world, 'crash', worker);
    await actor.program.kill();
    await pause(world.random.int(500, 3_000));
    await actor.start();
    return { times: 1, note: struck ? moment : 'idle' };
  },
};

/** Kills the process at its next commit. False when none came. */
async function tripped(actor: ServiceProcess, moment: 'before' | 'during' | 'after'): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const callOff = actor.links.postgres.trip(COMMIT, moment, () => {
    void actor.program.kill();
    resolve(true);
  });
  const late = pause(STRIKES_WITHIN_MS).then(() => false);
  const struck = await Promise.race([promise, late]);
  callOff();
  return struck;
}

/** The names under which the statements are prepared that take over one session, and many. */
const CLAIMS = ['claim_session', 'claim_free_sessions'];

/** Whoever takes over is never told that it did: its sessions have a living owner that knows nothing of them. */
export const cutAtClaim: Fault = {
  name: 'cut-at-claim',
  says: 'SIGKILL a session-actor as it has committed, and reset the connections of the others as the answers to their claims come',
  touches: ['actors', 'postgres'],
  async run(world) {
    let times = 0;
    const endsAt = performance.now() + lasting(world, 30, 0.25);
    while (performance.now() < endsAt && !world.signal.aborted) {
      const actor = pickService(world, 'session-actor');
      const heirs = servicesOf(world, 'session-actor').filter((other) => other !== actor);
      const callOffs = heirs.flatMap((heir) => CLAIMS.map((name) => cutAnswers(heir, name, () => void (times += 1))));
      // What it had committed last, nobody has acted on.
      if (!(await tripped(actor, 'after'))) await actor.program.kill();
      await pause(world.random.int(500, 2_000));
      for (const callOff of callOffs) callOff();
      await actor.start();
      await pause(1_000, world.signal);
    }
    return { times };
  },
};

/** Cuts the connection at each answer to such a statement, until what is returned is called. */
function cutAnswers({ links }: ServiceProcess, name: string, onCut: () => void): () => void {
  let isOver = false;
  let callOff = (): void => {};
  const arm = (): void => {
    // One that is on its way strikes all the same, after it was called off.
    if (isOver) return;
    callOff = links.postgres.trip(name, 'after', () => {
      onCut();
      arm();
    });
  };
  arm();
  return () => {
    isOver = true;
    callOff();
  };
}

export const freezeOwner: Fault = {
  name: 'freeze-owner',
  says: 'SIGSTOP a session-actor beyond its lease, let another one take over, SIGCONT',
  touches: ['actors'],
  async run(world) {
    const actor = pickService(world, 'session-actor');
    lose(world, 'hang', await workerOf(world, actor));
    actor.program.freeze();
    await pause(BEYOND_LEASE_MS);
    actor.program.thaw();
    await pause(1_000);
    return { times: 1 };
  },
};

export const freezeHalfLease: Fault = {
  name: 'freeze-half-lease',
  says: 'SIGSTOP a session-actor for half a lease, again and again: clients wait, and no request fails',
  touches: ['actors'],
  async run(world) {
    const times = Math.min(100, Math.max(1, Math.floor(world.seconds / 8)));
    const from = Date.now();
    let frozen = 0;
    for (; frozen < times && !world.signal.aborted; frozen += 1) {
      const actor = pickService(world, 'session-actor');
      actor.program.freeze();
      await pause(HALF_LEASE_MS);
      actor.program.thaw();
      await pause(500);
    }
    const failed = failedSince(world, from);
    const breaches = failuresAlone(world, failedEarly(failed), from);
    const targets = noFailures(world, failed, from);
    return { times: frozen, note: `${failed.length} requests failed`, breaches, targets };
  },
};

export const killAllActors: Fault = {
  name: 'kill-all-actors',
  says: 'SIGKILL all session-actors at once',
  touches: ['actors'],
  async run(world) {
    const actors = servicesOf(world, 'session-actor').filter(({ isServing }) => isServing);
    const workers = await Promise.all(actors.map((actor) => workerOf(world, actor)));
    for (const worker of workers) lose(world, 'crash of all', worker);
    await Promise.all(actors.map(({ program }) => program.kill()));
    await pause(world.random.int(100, 1_000));
    await Promise.all(actors.map((actor) => actor.start()));
    // Killed again before that, they would never come to it.
    const incarnations = workers.map(({ incarnation }) => incarnation);
    const giveUpAt = performance.now() + ALL_TAKEN_WITHIN_MS;
    while (performance.now() < giveUpAt && (await atWork(world, incarnations))) await pause(200);
    return { times: actors.length };
  },
};

const ALL_TAKEN_WITHIN_MS = 15_000;

/** Whether sessions at work still belong to one of the workers. */
async function atWork({ witness }: World, incarnations: readonly string[]): Promise<boolean> {
  const works = await Promise.all(incarnations.map((incarnation) => workOf(witness, incarnation)));
  return works.flat().length > 0;
}

export const partitionOwner: Fault = {
  name: 'partition-owner',
  says: 'take the database away from a session-actor, without its noticing, beyond its lease: it must fence itself',
  // NATS as well: whether it is fenced is asked over it.
  touches: ['actors', 'postgres', 'nats'],
  async run(world) {
    const actor = pickService(world, 'session-actor');
    const worker = await workerOf(world, actor);
    lose(world, 'hang', worker);
    actor.links.postgres.blackhole('both');
    await pause(FENCED_AFTER_MS);
    const answer = await world.bus.ask(`worker.${worker.incarnation}.session.start`, question(), ANSWERS_WITHIN_MS);
    await pause(BEYOND_LEASE_MS - FENCED_AFTER_MS);
    actor.heal();
    const isFenced = answer?.includes('"fenced"') ?? false;
    const breaches = isFenced
      ? []
      : [`${actor.name} takes commands without a confirmed lease: ${answer ?? 'no answer'}`];
    return { times: 1, breaches };
  },
};

/** By then a worker has stopped to act without a confirmation of its lease, and not yet forgotten it. */
const FENCED_AFTER_MS = 7_000;
const ANSWERS_WITHIN_MS = 2_000;

function question() {
  const envelope = {
    id: randomUUID(),
    correlationId: randomUUID(),
    causationId: null,
    tenant: 'default',
    principal: 'service:chaos',
    sessionId: randomUUID(),
  };
  return { v: 1, envelope, payload: {} };
}

/** Kills the active scheduler or a standby, whichever it hits. */
export const killScheduler: Fault = {
  name: 'kill-scheduler',
  says: 'SIGKILL a scheduler',
  touches: ['schedulers'],
  async run(world): Promise<Effect> {
    const scheduler = pickService(world, 'scheduler');
    await scheduler.program.kill();
    await pause(lasting(world, 5, 0.05));
    await scheduler.start();
    return { times: 1 };
  },
};
