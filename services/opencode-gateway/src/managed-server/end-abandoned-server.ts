import { realpath } from 'node:fs/promises';
import { endProcesses } from './end-processes.ts';
import { isAlive } from './process-table.ts';
import { MARKER, serverPaths } from './server-environment.ts';
import { readState } from './state-file.ts';

const GRACE_MS = 5_000;

/** Ends what runs on a directory that nobody looks after. Its id; null when there was none, or somebody does. */
export async function endAbandonedServer(directory: string): Promise<string | null> {
  const state = await readState(serverPaths(directory).state);
  if (!state || (state.keeper !== null && isAlive(state.keeper))) return null;
  await endProcesses({ server: state.server, mark: `${MARKER}=${await realpath(directory)}`, graceMs: GRACE_MS });
  return state.id;
}
