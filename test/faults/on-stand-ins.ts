import { eventually } from '@oio/runtime/testing';
import { playOf } from '../stand-in/named-faults.ts';
import { type Clocks, STAND_IN_CLOCKS } from './clocks.ts';
import { deedFor } from './deeds.ts';
import type { NamedFault } from './named-fault.ts';
import type { Place, Scene } from './scene.ts';
import { openStandInScene } from './stand-in-scene.ts';
import { type Outcome, spoilt, tryFault } from './trial.ts';

export interface TrialOptions extends Place {
  readonly faults: readonly NamedFault[];
  readonly times: number;
  /** At the same time: servers, or on the real binary sessions. */
  readonly lanes?: number | null;
  /** Told of each, as it comes. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Scenes at the same time: all of them are in this one process, and more would be late by themselves. */
const LANES = 3;
/** Sessions at the same time on one server, of faults that only hurt their own. */
const AT_ONCE = 5;

/** Tries each fault so many times: one that hurts its whole server on a server of its own each time, the others on one together. */
export async function tryOnStandIns(options: TrialOptions): Promise<void> {
  const { root, postgres, faults, times, lanes, onOutcome } = options;
  const place = { root, postgres };
  const trials = faults.flatMap((fault) => Array.from({ length: times }, (_, number) => ({ fault, number })));
  const alone = trials.filter(({ fault }) => hurtsItsServer(fault));
  const together = chunks(trials.filter(({ fault }) => !hurtsItsServer(fault)));
  const scenes = [
    ...together.map((all) => ({ scene: { ...place, clocks: STAND_IN_CLOCKS }, all })),
    ...alone.map((one) => ({ scene: { ...place, clocks: clocksFor(one.fault), fault: one.fault.name }, all: [one] })),
  ];
  await warmUp(place);
  await inLanes(lanes ?? LANES, scenes, async ({ scene: wanted, all }) => {
    const opening = openStandInScene(wanted);
    const outcomes = all.map(async ({ fault, number }) => {
      const outcome = opening.then((scene) => tryFault(scene, fault, `trial-${number}`));
      onOutcome(await outcome.catch((error: unknown) => spoilt(fault, error)));
    });
    await Promise.all(outcomes);
    await opening.then((scene) => scene[Symbol.asyncDispose]()).catch(() => undefined);
  });
}

/** The first turn of a process takes a second more, for code that is loaded and compiled: no fault's. */
async function warmUp(place: Place): Promise<void> {
  await using scene = await openStandInScene({ ...place, clocks: STAND_IN_CLOCKS });
  await runOrdinary(scene, await scene.newDirectory());
}

/** Runs a session without a fault to its end. */
export async function runOrdinary({ client }: Scene, directory: string): Promise<void> {
  const draft = { title: 'Meet no fault', prompt: 'Do nothing.', directory, workspace: 'in_place' as const };
  const { id } = await eventually(() => client.createSession(draft), { what: 'the server', everyMs: 200 });
  await client.ended(id, { signal: AbortSignal.timeout(ORDINARY_WITHIN_MS) });
}

const ORDINARY_WITHIN_MS = 120_000;

/** Runs a task for each, so many at the same time. */
export async function inLanes<T>(lanes: number, items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function hurtsItsServer({ name }: NamedFault): boolean {
  const play = playOf(name);
  return play?.faults !== undefined || play?.heavy === true || deedFor(name)?.hurtsServer === true;
}

/** What must do no harm meets clocks that are longer than its stall; a turn of the others may be longer than its clock. */
function clocksFor({ expected }: NamedFault): Clocks {
  const patient = { OPENCODE_SILENCE_SECONDS: 20, OPENCODE_FIRST_TOKEN_SECONDS: 20, OPENCODE_CONNECT_SECONDS: 20 };
  return { ...STAND_IN_CLOCKS, OPENCODE_TURN_SECONDS: 60, ...(expected === 'no harm' && patient) };
}

function chunks<T>(items: readonly T[]): (readonly T[])[] {
  const count = Math.ceil(items.length / AT_ONCE);
  return Array.from({ length: count }, (_, index) => items.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}
