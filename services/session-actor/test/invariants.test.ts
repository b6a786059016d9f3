import { AppError } from '@oio/errors';
import test from 'ava';
import { brokenInvariants } from './support/invariants.ts';
import { randomFrom, type Trial, tryCommand } from './support/random-commands.ts';
import { SERVER, type TestActor, World } from './support/world.ts';

const SESSIONS = 24;
const TRIALS_PER_SESSION = 30;

test('whatever happens to two workers and the answers of the database, the invariants hold', async (t) => {
  const seed = Number(process.env['OIO_TEST_SEED'] ?? Date.now() % 1_000_000);
  t.log(`OIO_TEST_SEED=${seed}`);
  const random = randomFrom(seed);
  await using world = await World.open();
  await world.gateway.serves(SERVER);
  const actors = [await world.startActor(), await world.startActor()];
  const ids = await Promise.all(Array.from({ length: SESSIONS }, async () => (await world.create()).sessionId));

  const ending = new AbortController();
  const trouble = makeTrouble(world, actors, random, ending.signal);
  const trials = (await Promise.all(ids.map((id) => trySession(world, id, random)))).flat();
  ending.abort();
  await trouble;

  t.deepEqual(await brokenInvariants(world.database), []);
  t.deepEqual(await brokenPromises(world, trials), []);
  const applied = trials.filter((trial) => outcomes(trial).includes('applied'));
  t.true(applied.length > SESSIONS * 3, 'a run without successes proves nothing');
  const [row] = await world.database.query<{ moved: number }>(
    'select count(*)::int as moved from sessions where owner_epoch > 1',
  );
  t.true((row?.moved ?? 0) > SESSIONS / 2, 'a run without take-overs proves nothing');
});

/** One command after the other, so that their order is known. */
async function trySession(world: World, sessionId: string, random: () => number): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (let count = 0; count < TRIALS_PER_SESSION; count += 1) trials.push(await tryCommand(world, sessionId, random));
  return trials;
}

/** Leases run out, workers stand still beyond them, commits and their answers get lost. */
async function makeTrouble(
  world: World,
  actors: readonly TestActor[],
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const actor = actors[Math.floor(random() * actors.length)];
    if (!actor) return;
    const kind = random();
    if (kind < 0.3) actor.database.loseAnswersOfCommits(1);
    else if (kind < 0.5) actor.database.loseCommits(2);
    else {
      if (kind < 0.8) actor.database.hold();
      await world.expire(actor.incarnation);
      await pause(100 * random());
      actor.database.open();
    }
    await pause(50 * random());
  }
}

/** What the answers promised, held against the history. */
async function brokenPromises(world: World, trials: readonly Trial[]): Promise<string[]> {
  const histories = new Map<string, readonly string[]>();
  for (const { sessionId } of trials) {
    if (!histories.has(sessionId)) histories.set(sessionId, await world.commandIds(sessionId));
  }
  const broken = trials.flatMap((trial) => {
    const isThere = histories.get(trial.sessionId)?.includes(trial.commandId) ?? false;
    const name = `${trial.sessionId} ${trial.commandId}: ${outcomes(trial).join(', ')}`;
    const applied = outcomes(trial).filter((outcome) => outcome === 'applied').length;
    return [
      ...(applied > 1 ? [`I8 applied more than once: ${name}`] : []),
      ...(isSuccess(trial) && !isThere ? [`I8 answered well and not in the history: ${name}`] : []),
      ...(isDefiniteRefusal(trial) && isThere ? [`I8 refused and yet in the history: ${name}`] : []),
    ];
  });
  const inOrder = [...histories].flatMap(([sessionId, history]) => {
    const sent = trials.filter((trial) => trial.sessionId === sessionId && isSuccess(trial));
    const places = sent.map(({ commandId }) => history.indexOf(commandId));
    return places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0)) ? [] : [`I11 ${sessionId}`];
  });
  return [...broken, ...inOrder];
}

/** The outcomes of a trial; a failure by its code, a bug by its message. */
function outcomes({ results }: Trial): readonly string[] {
  return results.map((result) => {
    if (result.status === 'fulfilled') return result.value.outcome;
    const reason: unknown = result.reason;
    return reason instanceof AppError ? reason.code : String(reason);
  });
}

function isSuccess(trial: Trial): boolean {
  return outcomes(trial).some((outcome) => outcome === 'applied' || outcome === 'repeated');
}

function isDefiniteRefusal(trial: Trial): boolean {
  return outcomes(trial).every((outcome) => ['stale', 'illegal_transition', 'scheduler_deposed'].includes(outcome));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
