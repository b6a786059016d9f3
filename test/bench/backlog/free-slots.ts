import { setTimeout as pause } from 'node:timers/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '@oio/persistence';
import { startBacking } from '../system/backing.ts';
import { startSystem } from '../system/start-system.ts';
import { type Pickups, pickupsOf, putInCritical } from './critical.ts';
import type { BacklogOptions } from './measure-backlog.ts';

const EVERY_MS = 50;
const WARM_UP_MS = 3_000;

/** A light load on an empty queue: from being accepted and queued to running, while a slot is free. */
export async function measureFreeSlots(options: Omit<BacklogOptions, 'queued'>): Promise<Pickups> {
  const directory = join(options.directory, 'free-slots');
  await mkdir(join(directory, 'projects'), { recursive: true });
  options.onProgress('w4: an empty queue');
  await using backing = await startBacking(directory, options.mode);
  await using system = await startSystem(backing, { ...options, directory, agents: 'answer', sessionActors: 1 });
  await using database = await openDatabase(backing.postgres.url, { connections: 2 });
  return await system.whileRunning(async () => {
    const warmUp = putInCritical(system, EVERY_MS);
    await pause(WARM_UP_MS);
    await warmUp.stop();
    const critical = putInCritical(system, EVERY_MS);
    await pause(options.seconds * 1_000);
    return pickupsOf(database, await critical.stop());
  });
}
