import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCodeConfig, OpencodeAgentServer, startManagedServer } from '@oio/opencode-gateway';
import { deedFor } from './deeds.ts';
import type { NamedFault } from './named-fault.ts';
import { inLanes, runOrdinary, type TrialOptions } from './on-stand-ins.ts';
import { openRealScene } from './real-scene.ts';
import type { Scene } from './scene.ts';
import { demandOn, type Outcome, spoilt, tryFault } from './trial.ts';

/** Directories at the same time, each of which works on one session at a time: more would be late on two cores by themselves. */
const LANES = 2;

/** Tries each fault so many times on the real binary: those that hurt the whole server one by one, after the others. */
export async function tryOnRealServer(options: TrialOptions): Promise<void> {
  const { root, faults, times, lanes, onOutcome } = options;
  const trials = faults
    .filter(({ name }) => name !== 'server-starts')
    .flatMap((fault) =>
      Array.from({ length: times }, (_, number) => ({ fault, id: `trial-${fault.name}-${number}.` })),
    );
  if (trials.length > 0) {
    await using scene = await openRealScene(options);
    const places = await Promise.all(Array.from({ length: lanes ?? LANES }, () => scene.newDirectory()));
    // A directory costs the server seconds once, which are no fault's.
    for (const directory of places) await runOrdinary(scene, directory);
    const inPlace = async ({ fault, id }: (typeof trials)[number]): Promise<void> => {
      const directory = fault.expected === 'directory_invalid' ? await scene.newDirectory() : (places.pop() ?? '');
      const outcome = tryFault(inDirectory(scene, directory), fault, id);
      onOutcome(await outcome.catch((error: unknown) => spoilt(fault, error)));
      if (fault.expected !== 'directory_invalid') places.push(directory);
    };
    await inLanes(
      places.length,
      trials.filter(({ fault }) => !hurtsItsServer(fault)),
      inPlace,
    );
    await inLanes(
      1,
      trials.filter(({ fault }) => hurtsItsServer(fault)),
      inPlace,
    );
  }
  for (const fault of faults.filter(({ name }) => name === 'server-starts')) {
    for (let number = 0; number < times; number += 1) onOutcome(await tryStart(root, fault));
  }
}

function hurtsItsServer({ name }: NamedFault): boolean {
  return deedFor(name)?.hurtsServer === true;
}

function inDirectory(scene: Scene, directory: string): Scene {
  return {
    ...scene,
    async newDirectory() {
      await rm(join(directory, 'ran.txt'), { force: true });
      return directory;
    },
  };
}

/** A start without a wanted port, and the first thing that is asked. */
async function tryStart(root: string, fault: NamedFault): Promise<Outcome> {
  const directory = await mkdtemp(join(root, 'oio-faults-'));
  const limitMs = demandOn('real', fault).bound.fixedMs ?? 0;
  const beganAtMs = Date.now();
  try {
    const server = await startManagedServer({ directory, config: openCodeConfig({}), environment: process.env });
    const agent = new OpencodeAgentServer(server);
    const { healthy } = await agent.health();
    const tookMs = Date.now() - beganAtMs;
    await agent[Symbol.asyncDispose]();
    await server.stop();
    const complaints = [
      ...(healthy ? [] : ['it is not well']),
      ...(server.url.endsWith(':4096') ? ['it took the usual port'] : []),
    ];
    return { fault: fault.name, verdict: 'no harm', tookMs, boundMs: limitMs, complaints };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
