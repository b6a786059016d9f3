import { type ScriptedModel, startScriptedModel } from '@oio/scripted-model';
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
} from './support/sessions.ts';
import { assertUndamaged, openCodePid, postgresPid } from './support/truth.ts';

/** Everything of ours dies, one after the other: one orchestrator for all tests of this file, each with sessions of its own. */
const stack = new AsyncDisposableStack();
const turns = {
  one: makeTurns(' one'),
  two: makeTurns(' two'),
  three: makeTurns(' three'),
  four: makeTurns(' four'),
  five: makeTurns(' five'),
};
let place: Place;
let model: ScriptedModel;
let orchestrator: Orchestrator;

test.before(async () => {
  place = stack.use(await makePlace());
  const scripts = Object.values(turns).flatMap((turn) => turn.scripts);
  model = stack.use(await startScriptedModel({ scripts, tokenDelayMs: 1 }));
  orchestrator = await start();
  stack.defer(() => orchestrator[Symbol.asyncDispose]());
});
test.after.always(() => stack.disposeAsync());

test.serial(
  'sessions survive the death of the orchestrator, whether in a model call, in a tool or in the queue',
  async (t) => {
    const scene = await begin('one');
    const queued = await Promise.all(['short one', 'another short one'].map((prompt) => submit(orchestrator, prompt)));
    await orchestrator.kill();
    t.true(isRunning(await openCodePid(place)), 'the OpenCode server goes on');

    await restart();
    await scene.letGo();
    for (const { id } of queued) await reaches(orchestrator, id, 'completed');
    for (const { id } of queued) await assertUndamaged(t, place, orchestrator, id);
    await assertCompleted(t, scene);
  },
);

test.serial('sessions survive the death of the orchestrator together with the OpenCode server', async (t) => {
  const scene = await begin('two');
  await orchestrator.kill();
  killProcess(await openCodePid(place));

  await restart();
  await scene.letGo();
  await assertCompleted(t, scene);
});

test.serial('sessions survive the death of the OpenCode server alone', async (t) => {
  const scene = await begin('three');
  const pid = await openCodePid(place);
  killProcess(pid);
  await eventually(async () => (await openCodePid(place).catch(() => pid)) !== pid, { what: 'a new server' });
  await scene.letGo();
  await assertCompleted(t, scene);
});

test.serial('sessions survive the death of the database', async (t) => {
  const scene = await begin('four');
  const pid = await postgresPid(place);
  killProcess(pid);
  const waiting = await submit(orchestrator, 'short four');
  t.not(await postgresPid(place), pid);
  await scene.letGo();
  await reaches(orchestrator, waiting.id, 'completed');
  await assertCompleted(t, scene);
});

test.serial('sessions survive an orderly stop, and nothing is left running by it or by anything before', async (t) => {
  const scene = await begin('five');
  t.is(await orchestrator.terminate(), 0);
  t.deepEqual(processesOf(place.root), []);

  await restart();
  await scene.letGo();
  await assertCompleted(t, scene);
  t.is(await orchestrator.terminate(), 0);
  t.deepEqual(processesOf(place.root), []);
});

function start(): Promise<Orchestrator> {
  return startOrchestrator(place, model, { MAX_CONCURRENT_SESSIONS: '2' });
}

async function restart(): Promise<void> {
  await orchestrator[Symbol.asyncDispose]();
  orchestrator = await start();
}

interface Scene {
  readonly stalling: string;
  readonly waiting: string;
  /** Lets the model answer and the tool end. */
  letGo(): Promise<void>;
}

/** Two sessions in the middle of their turns: one waits for the model, the other for its tool. */
async function begin(word: keyof typeof turns): Promise<Scene> {
  const { gate } = turns[word];
  const { id: stalling } = await submit(orchestrator, `stall ${word}`);
  const { id: waiting } = await submit(orchestrator, `wait ${word}`);
  await Promise.all([stalling, waiting].map((id) => reachesSecondStep(orchestrator, id)));
  await gate.reached;
  await toolRuns(await directoryOf(orchestrator, waiting));
  return {
    stalling,
    waiting,
    async letGo() {
      gate.release();
      await letToolEnd(orchestrator, waiting);
    },
  };
}

/** Both sessions complete; what they had finished before was not done again. */
async function assertCompleted(t: ExecutionContext, { stalling, waiting }: Scene): Promise<void> {
  for (const id of [stalling, waiting]) await reaches(orchestrator, id, 'completed');
  for (const id of [stalling, waiting]) await assertUndamaged(t, place, orchestrator, id);
  t.is(await countOf(orchestrator, stalling), 'ran\n');
  t.is(await countOf(orchestrator, waiting), 'ran\nwaited\n');
}
