import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { TimeoutError } from '@oio/errors';
import type { Cgroups } from '../cgroups/find-cgroups.ts';
import { dedicatedCgroup, dedicatedDirectory } from './dedicated-server.ts';
import { endProcesses } from './end-processes.ts';
import { isAlive } from './process-table.ts';
import { MARKER, serverPaths } from './server-environment.ts';
import { readState } from './state-file.ts';

export interface DedicatedPlace {
  /** Data directory of the managed servers. */
  readonly root: string;
  readonly cgroups: () => Promise<Cgroups>;
}

const GRACE_MS = 1_000;

/**
 * Ends the server that a session had for itself on this machine, whoever looked after it, and all that it started. The
 * proof, in words; null when it had none here. Throws when something is left.
 */
export async function endAbandonedDedicated(
  { root, cgroups }: DedicatedPlace,
  sessionId: string,
): Promise<string | null> {
  const directory = dedicatedDirectory(root, sessionId);
  if (!existsSync(directory)) return null;
  const server = (await readState(serverPaths(directory).state))?.server ?? null;
  const left = await endProcesses({ server, mark: `${MARKER}=${await realpath(directory)}`, graceMs: GRACE_MS });
  const { obstacles, open } = await cgroups();
  if (Object.values(obstacles).includes(null))
    await open(dedicatedCgroup(sessionId), { cpuLimit: null, memoryLimitMb: null }).end();
  else if (left.length > 0)
    throw new TimeoutError(`Processes of session ${sessionId} cannot be ended.`, { code: 'processes_not_ended' });
  return 'The OpenCode server of its own was ended with all that it started.';
}

/** Sessions that have data of a server of their own on this machine. */
export function dedicatedSessions({ root }: Pick<DedicatedPlace, 'root'>): Promise<readonly string[]> {
  return readdir(join(root, 'dedicated')).catch((): string[] => []);
}

/** Sessions whose own server runs although the gateway that looked after it is dead. */
export async function abandonedSessions({ root }: Pick<DedicatedPlace, 'root'>): Promise<readonly string[]> {
  const abandoned = await Promise.all(
    (await dedicatedSessions({ root })).map(async (sessionId) => {
      const state = await readState(serverPaths(dedicatedDirectory(root, sessionId)).state);
      const isKept = state?.keeper && isAlive(state.keeper);
      return state?.server && !isKept && isAlive(state.server) ? [sessionId] : [];
    }),
  );
  return abandoned.flat();
}
