import type { Client } from '@oio/sdk';
import { openCodeProvider, type ScriptedModel, startScriptedModel } from '@oio/scripted-model';
import test from 'ava';
import { type Environment, type Orchestrator, startOrchestrator } from '../support/orchestrator.ts';
import { makePlace } from '../support/place.ts';
import { warmUp } from '../support/sessions.ts';
import { scripts } from './scripts.ts';

const stack = new AsyncDisposableStack();
export const place = stack.use(await makePlace());
export const model = stack.use(await startScriptedModel({ scripts, tokenDelayMs: 1 }));
let running: Orchestrator;

/** The one orchestrator of all tests here, whichever process it is at present. */
export const orchestrator = {
  get client(): Client {
    return running.client;
  },
  get pid(): number {
    return running.pid;
  },
  /** SIGKILL to its process and to nothing that it started. */
  kill: () => running.kill(),
  /** Starts it on the same data directory, after it was stopped if it runs. */
  async startAgain(more: Environment = {}): Promise<void> {
    await running[Symbol.asyncDispose]();
    running = await start(more);
  },
};

test.before(async () => {
  running = await start();
  stack.defer(() => running[Symbol.asyncDispose]());
  await warmUp(orchestrator);
});
test.after.always(() => stack.disposeAsync());

function start(more: Environment = {}): Promise<Orchestrator> {
  return startOrchestrator(place, model, {
    OIO_PROVIDERS: JSON.stringify(withSecondModel(model)),
    OPENCODE_RETRY_WAIT_SECONDS: '3',
    // All tests together have more directories than a server has before it is started anew, which none of them is about.
    OPENCODE_RECYCLE_DIRECTORIES: '0',
    ...more,
  });
}

/** The provider with a model more, which is like the first. */
function withSecondModel(scripted: ScriptedModel): object {
  const { provider } = openCodeProvider(scripted);
  const { scripted: own } = provider as { scripted: { models: Record<string, object> } };
  return { scripted: { ...own, models: { ...own.models, other: own.models['demo'] } } };
}
