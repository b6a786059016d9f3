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
  const all = await endFamily(() => processFamily(server, mark), {
    asked: () => (server === null ? [] : [server]),
    graceMs,
  });
  return all.filter(isAlive);
}

export interface FamilyEnd {
  /** Which of those that were found first are asked to end before all are ended by force. */
  readonly asked: (family: readonly ProcessEntry[]) => readonly ProcessIdentity[];
  readonly graceMs: number;
}

/** Ends what `find` finds, again and again until that is nothing. Answers all that it found, ended or not. */
export async function endFamily(
  find: () => readonly ProcessEntry[],
  { asked, graceMs }: FamilyEnd,
): Promise<readonly ProcessEntry[]> {
  const family = new Map(find().map((entry) => [entry.pid, entry]));
  const first = asked([...family.values()]);
  for (const entry of first) signal(entry, 'SIGTERM');
  await until(() => !first.some(isAlive), graceMs);
  // While these were ending, they may have started more.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const entry of find()) family.set(entry.pid, entry);
    const left = [...family.values()].filter(isAlive);
    if (left.length === 0) break;
    for (const entry of left) signal(entry, 'SIGKILL');
    await until(() => !left.some(isAlive), 1000);
  }
  return [...family.values()];
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
