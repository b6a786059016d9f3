import { endFamily } from './end-processes.ts';
import { isAlive, processFamilies, processFamily, processName } from './process-table.ts';
import { PASSWORD_VARIABLE, SESSION_MARKER } from './server-environment.ts';

export interface NamedProcess {
  readonly pid: number;
  /** Of its program, without the arguments: they may hold secrets. */
  readonly name: string;
}

export interface EndedProcesses {
  readonly ended: readonly NamedProcess[];
  /** What is there in spite of everything. */
  readonly left: readonly NamedProcess[];
}

/** To write down what they have before they are gone. */
const GRACE_MS = 500;

/**
 * Ends what the tools of some OpenCode sessions have left running on the managed server with this password: the real server
 * ends the shell of a tool with its turn, but not what went into the background or into a session of its own. Null when that
 * server's processes cannot be seen from here.
 */
export async function endTurnProcesses(
  password: string,
  openCodeSessionIds: readonly string[],
): Promise<EndedProcesses | null> {
  // Mostly there is nothing, and to look through all processes takes a loaded machine its time.
  const marks = openCodeSessionIds.map((id) => `${SESSION_MARKER}=${id}`);
  const [server = [], first = []] = processFamilies([[`${PASSWORD_VARIABLE}=${password}`], marks]);
  if (server.length === 0) return null;
  if (first.length === 0) return { ended: [], left: [] };
  const names = new Map<number, string>();
  const find = () => {
    const family = processFamily(null, ...marks);
    for (const { pid } of family) if (!names.has(pid)) names.set(pid, processName(pid));
    return family;
  };
  const all = await endFamily(find, { asked: (family) => family, graceMs: GRACE_MS });
  const named = all.map((entry) => ({ entry, process: { pid: entry.pid, name: names.get(entry.pid) ?? '' } }));
  const [left, ended] = [named.filter(({ entry }) => isAlive(entry)), named.filter(({ entry }) => !isAlive(entry))];
  return { ended: ended.map(({ process: one }) => one), left: left.map(({ process: one }) => one) };
}
