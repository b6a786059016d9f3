import { eventually } from '@oio/runtime/testing';
import { STAND_IN_CLOCKS } from './clocks.ts';
import { LIVING, type LivingTurn, livingPrompt } from './living.ts';
import { inLanes } from './on-stand-ins.ts';
import { openRealScene } from './real-scene.ts';
import type { Place, Scene } from './scene.ts';
import { openStandInScene } from './stand-in-scene.ts';

export interface Lived {
  readonly name: string;
  /** How it ended that should have completed; null when it did. */
  readonly killedBy: string | null;
}

export interface LivingOptions extends Place {
  readonly on: Scene['on'];
  readonly times: number;
  readonly onLived: (lived: Lived) => void;
}

/** On one real server, which has one thread; the stand-in takes all of them at once. */
const ON_REAL = 4;
/** Longer than the clock of a turn would allow, which is about turns without end. */
const CLOCKS = { ...STAND_IN_CLOCKS, OPENCODE_TURN_SECONDS: 120 };

/** Runs turns that are slow and alive; none may be cut. */
export async function runLiving({ root, postgres, on, times, onLived }: LivingOptions): Promise<void> {
  const place = { root, postgres };
  const turns = LIVING.flatMap((turn) => Array.from({ length: times }, () => turn));
  await using scene = on === 'real' ? await openRealScene(place) : await openStandInScene({ ...place, clocks: CLOCKS });
  await inLanes(on === 'real' ? ON_REAL : turns.length, turns, async (turn) => onLived(await live(scene, turn)));
}

async function live(scene: Scene, turn: LivingTurn): Promise<Lived> {
  const { client } = scene;
  const { name } = turn;
  const draft = { title: `Be ${name}`, prompt: livingPrompt(turn), directory: await scene.newDirectory() };
  const accepted = { what: 'the session to be accepted', withinMs: 30_000, everyMs: 200 };
  const { id } = await eventually(() => client.createSession({ ...draft, workspace: 'in_place' }), accepted);
  const { status, failure } = await client.ended(id, { signal: AbortSignal.timeout(120_000) });
  return { name, killedBy: status === 'completed' ? null : (failure?.code ?? status) };
}
