import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ProcessEntry, type ProcessIdentity, processFamily } from './process-table.ts';

export interface EndOptions {
  /** The server, if it is known. */
  readonly server: ProcessIdentity | null;
  /** `NAME=value` that everything which the server started has in its environment. */
  readonly mark: string;
  /** Time between the request to end and the end by force. */
  readonly graceMs: number;
}

/**
 * Ends a server and all that it started: the shells of its tools too, which have sessions and groups of their own and
 * outlive it. Answers what could not be ended.
 */
export async function endProcesses({ server, mark, graceMs }: EndOptions): Promise<readonly ProcessEntry[]> {
  const family = new Map(processFamily(server, mark).map((entry) => [entry.pid, entry]));
  if (server !== null) {
    signal(server, 'SIGTERM');
    await until(() => !isAlive(server), graceMs);
  }
  // While the server was ending, its tools may have started more.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const entry of processFamily(server, mark)) family.set(entry.pid, entry);
    const left = [...family.values()].filter(isAlive);
    if (left.length === 0) return [];
    for (const entry of left) signal(entry, 'SIGKILL');
    await until(() => !left.some(isAlive), 1000);
  }
  return [...family.values()].filter(isAlive);
}

const ROUNDS = 5;
const POLL_MS = 25;

/** Checks once more that the number still belongs to that process, since numbers are used again. */
function signal(entry: ProcessIdentity, name: NodeJS.Signals): void {
  if (!isAlive(entry)) return;
  try {
    process.kill(entry.pid, name);
  } catch {
    // It ended in between, or belongs to somebody else: whoever asks sees it as left over.
  }
}

async function until(reached: () => boolean, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!reached() && performance.now() < end) await delay(POLL_MS);
}
