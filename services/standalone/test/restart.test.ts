import { startScriptedModel } from '@oio/scripted-model';
import test, { type ExecutionContext } from 'ava';
import { eventually } from '@oio/runtime/testing';
import { type Orchestrator, startOrchestrator } from './support/orchestrator.ts';
import { makePlace, type Place } from './support/place.ts';
import { isRunning, killProcess, processesOf } from './support/processes.ts';
import {
  countOf,
  directoryOf,
  letToolEnd,
  makeTurns,
  reaches,
  reachesSecondStep,
  submit,
  toolRuns,
  type Turns,
} from './support/sessions.ts';
import { assertUndamaged, openCodePid, postgresPid } from './support/truth.ts';

test.serial(
  'sessions survive the death of the orchestrator, whether in a model call, in a tool or in the queue',
  async (t) => {
    await using scene = await begin({ MAX_CONCURRENT_SESSIONS: '2' });
    const queued = await Promise.all(['short one', 'short two'].map((prompt) => submit(scene.orchestrator, prompt)));
    await scene.orchestrator.kill();
    t.true(isRunning(await openCodePid(scene.place)), 'the OpenCode server goes on');

    await scene.restart();
    await scene.letGo();
    for (const { id } of queued) await reaches(scene.orchestrator, id, 'completed');
    for (const { id } of queued) await assertUndamaged(t, scene.place, scene.orchestrator, id);
    await assertCompleted(t, scene);
  },
);

test.serial('sessions survive the death of the orchestrator together with the OpenCode server', async (t) => {
  await using scene = await begin();
  await scene.orchestrator.kill();
  killProcess(await openCodePid(scene.place));

  await scene.restart();
  await scene.letGo();
  await assertCompleted(t, scene);
});

test.serial('sessions survive the death of the OpenCode server alone', async (t) => {
  await using scene = await begin();
  const pid = await openCodePid(scene.place);
  killProcess(pid);
  await eventually(async () => (await openCodePid(scene.place).catch(() => pid)) !== pid, { what: 'a new server' });
  await scene.letGo();
  await assertCompleted(t, scene);
});

test.serial('sessions survive the death of the database', async (t) => {
  await using scene = await begin();
  const pid = await postgresPid(scene.place);
  killProcess(pid);
  const waiting = await submit(scene.orchestrator, 'short after the crash');
  t.not(await postgresPid(scene.place), pid);
  await scene.letGo();
  await reaches(scene.orchestrator, waiting.id, 'completed');
  await assertCompleted(t, scene);
});

test.serial('sessions survive an orderly stop', async (t) => {
  await using scene = await begin();
  t.is(await scene.orchestrator.terminate(), 0);
  t.deepEqual(processesOf(scene.place.root), []);

  await scene.restart();
  await scene.letGo();
  await assertCompleted(t, scene);
});

interface Scene extends AsyncDisposable {
  readonly place: Place;
  readonly turns: Turns;
  orchestrator: Orchestrator;
  readonly stalling: string;
  readonly waiting: string;
  restart(): Promise<void>;
  /** Lets the model answer and the tool end. */
  letGo(): Promise<void>;
}

/** An orchestrator with two sessions in the middle of their turns: one waits for the model, the other for its tool. */
async function begin(environment: Record<string, string> = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makePlace());
  const turns = makeTurns();
  const model = stack.use(await startScriptedModel({ scripts: turns.scripts, tokenDelayMs: 1 }));
  let orchestrator = await startOrchestrator(place, model, environment);
  stack.defer(() => orchestrator[Symbol.asyncDispose]());
  const [{ id: stalling }, { id: waiting }] = [await submit(orchestrator, 'stall'), await submit(orchestrator, 'wait')];
  await Promise.all([stalling, waiting].map((id) => reachesSecondStep(orchestrator, id)));
  await turns.gate.reached;
  await toolRuns(await directoryOf(orchestrator, waiting));
  const owned = stack.move();
  return {
    place,
    turns,
    stalling,
    waiting,
    get orchestrator() {
      return orchestrator;
    },
    async restart() {
      await orchestrator[Symbol.asyncDispose]();
      orchestrator = await startOrchestrator(place, model, environment);
    },
    async letGo() {
      turns.gate.release();
      await letToolEnd(orchestrator, waiting);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Both sessions complete; what they had finished before was not done again. */
async function assertCompleted(t: ExecutionContext, { place, orchestrator, stalling, waiting }: Scene): Promise<void> {
  for (const id of [stalling, waiting]) await reaches(orchestrator, id, 'completed');
  for (const id of [stalling, waiting]) await assertUndamaged(t, place, orchestrator, id);
  t.is(await countOf(orchestrator, stalling), 'ran\n');
  t.is(await countOf(orchestrator, waiting), 'ran\nwaited\n');
  t.is(await orchestrator.terminate(), 0);
  t.deepEqual(processesOf(place.root), []);
}
