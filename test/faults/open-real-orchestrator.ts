import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { whenThisProcessEnds } from '@oio/backing-servers';
import { openCodeProvider, type Script, type ScriptedModel, startScriptedModel } from '@oio/scripted-model';
import { END_SERVERS_BELOW } from './managed-server.ts';
import { openOrchestrator, type RunningOrchestrator, type Settings } from './open-orchestrator.ts';
import type { Place } from './scene.ts';

export interface RealOrchestratorOptions extends Place {
  readonly scripts: readonly Script[];
  readonly settings: Settings;
}

/** All services in this process on managed servers: the real binary, whose model is the scripted one. */
export interface RealOrchestrator extends RunningOrchestrator {
  readonly model: ScriptedModel;
  /** `provider/model`. */
  readonly modelName: string;
}

export async function openRealOrchestrator(options: RealOrchestratorOptions): Promise<RealOrchestrator> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(options.root, 'oio-real-'));
  stack.defer(() => rm(root, { recursive: true, force: true, maxRetries: 5 }));
  await chmod(root, 0o711);
  // A managed server outlives its parent by design.
  stack.defer(whenThisProcessEnds(END_SERVERS_BELOW, root));
  const model = stack.use(await startScriptedModel({ scripts: options.scripts, tokenDelayMs: 0 }));
  const { model: modelName, provider: providers } = openCodeProvider(model);
  const settings = { ...options.settings, OIO_MODEL: modelName };
  const orchestrator = stack.use(await openOrchestrator({ root, settings, postgres: options.postgres, providers }));
  const running = stack.move();
  return { ...orchestrator, model, modelName, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
