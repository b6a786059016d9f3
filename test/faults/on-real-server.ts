import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openCodeConfig, OpencodeAgentServer, startManagedServer } from '@oio/opencode-gateway';
import { deedFor } from './deeds.ts';
import type { NamedFault } from './named-fault.ts';
import { inLanes, runOrdinary, type TrialOptions } from './on-stand-ins.ts';
import { openRealScene } from './real-scene.ts';
import type { Scene } from './scene.ts';
import { demandOn, type Outcome, spoilt, tryFault } from './trial.ts';

/** Sessions at the same time, each in a directory of its own: more would be late on two cores by themselves. */
const LANES = 2;

interface RealTrial {
  readonly fault: NamedFault;
  readonly id: string;
}

/** Tries each fault so many times on the real binary: those that hurt the whole server on servers of their own, after the others. */
export async function tryOnRealServer(options: TrialOptions): Promise<void> {
  const { root, faults, times, onOutcome } = options;
  const lanes = options.lanes ?? LANES;
  const numbers = Array.from({ length: times }, (_, number) => number);
  const trialsOf = (some: readonly NamedFault[]): readonly RealTrial[] =>
    some.flatMap((fault) => numbers.map((number) => ({ fault, id: `trial-${fault.name}-${number}.` })));
  const played = faults.filter(({ name }) => name !== STARTS);
  await onServer(options, trialsOf(played.filter((fault) => !hurtsItsServer(fault))), lanes);
  const hurting = trialsOf(played.filter(hurtsItsServer));
  const shares = Array.from({ length: lanes }, (_, lane) => hurting.filter((_trial, index) => index % lanes === lane));
  await Promise.all(shares.map((share) => onServer(options, share, 1)));
  await inLanes(lanes, trialsOf(faults.filter(({ name }) => name === STARTS)), async ({ fault }) => {
    onOutcome(await tryStart(root, fault).catch((error: unknown) => spoilt(fault, error)));
  });
}

/** Of a server that no session meets. */
const STARTS = 'server-starts';

/** Makes trials on a server of their own, so many at the same time. */
async function onServer(options: TrialOptions, trials: readonly RealTrial[], atOnce: number): Promise<void> {
  if (trials.length === 0) return;
  await using scene = await openRealScene(options);
  const places = await Promise.all(Array.from({ length: atOnce }, () => scene.newDirectory()));
  // A directory costs the server seconds once, which are no fault's.
  for (const directory of places) await runOrdinary(scene, directory);
  await inLanes(atOnce, trials, async ({ fault, id }) => {
    const losesIt = fault.expected === 'directory_invalid';
    const directory = losesIt ? await scene.newDirectory() : (places.pop() ?? '');
    const outcome = tryFault(inDirectory(scene, directory), fault, id);
    options.onOutcome(await outcome.catch((error: unknown) => spoilt(fault, error)));
    if (!losesIt) places.push(directory);
  });
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
