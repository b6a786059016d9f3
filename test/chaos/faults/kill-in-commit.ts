import { pause } from '../pause.ts';
import type { ServiceProcess } from '../fleet/service-process.ts';
import { lose, pickService, workerOf, type World } from '../world.ts';
import type { Fault } from './fault.ts';
import { COMMIT } from './owner-faults.ts';

const COMES_WITHIN_MS = 5_000;
/** Long enough for an answer to leave that does not wait for the commit, short enough for a lease to stand. */
const HELD_FOR_MS = 700;

/**
 * The commit of a new session has left its owner and not arrived when the owner dies: it is lost on its way, or arrives when
 * nobody is there any more to hear what became of it. Its client has no answer by then and gets the same one from another
 * owner, whichever it was; one that has an answer already was told too much.
 */
export const killInCommit: Fault = {
  name: 'kill-in-commit',
  says: 'SIGKILL a session-actor while its commit of a new session is on its way, which is lost, or arrives after its end',
  touches: ['actors', 'postgres'],
  async run(world) {
    let times = 0;
    for (const fate of ['lost', 'late'] as const) {
      if (world.signal.aborted && times > 0) break;
      const actor = pickService(world, 'session-actor');
      const held = await holdsCreate(actor);
      await killed(world, actor, fate);
      if (held) times += 1;
      await pause(world.random.int(200, 1_000));
      await actor.start();
    }
    return { times };
  },
};

/** Whether a commit that makes a session came by; it is held back then with all that comes after it. */
async function holdsCreate({ links }: ServiceProcess): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  links.postgres.holdAt(COMMIT, 'session.created', () => resolve(true));
  const isHeld = await Promise.race([promise, pause(COMES_WITHIN_MS).then(() => false)]);
  if (isHeld) await pause(HELD_FOR_MS);
  return isHeld;
}

async function killed(world: World, actor: ServiceProcess, fate: 'lost' | 'late'): Promise<void> {
  lose(world, 'crash', await workerOf(world, actor));
  await actor.program.kill();
  if (fate === 'lost') actor.links.postgres.cut();
  actor.heal();
}
