import { readdirSync } from 'node:fs';
import { ps, readProc } from './process-files.ts';

/** One process, told from a later one of the same number by the instant of its start. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly startedAt: string;
}

/** The running processes of this machine, zombies left out. Linux by /proc, elsewhere by `ps`. */
export function listProcesses(): readonly ProcessEntry[] {
  return process.platform === 'linux' ? pidsInProc().flatMap((pid) => entryOf(pid) ?? []) : listByPs();
}

/** The process of that number, or null when there is none. */
export function findProcess(pid: number): ProcessEntry | null {
  if (process.platform === 'linux') return entryOf(pid);
  return listByPs(pid)[0] ?? null;
}

export type ProcessIdentity = Pick<ProcessEntry, 'pid' | 'startedAt'>;

/** Whether that very process is still there. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  return findProcess(pid)?.startedAt === startedAt;
}

/** A process, all that carry one of the marks `NAME=value` in their environment, and the descendants of these. */
export function processFamily(root: ProcessIdentity | null, ...marks: readonly string[]): readonly ProcessEntry[] {
  const all = listProcesses();
  const marksOf = marksIn(marks);
  return familyOf(
    all,
    ({ pid, startedAt }) => (pid === root?.pid && startedAt === root.startedAt) || marksOf(pid).length > 0,
  );
}

/** Several families by their marks, in one look through all processes. */
export function processFamilies(families: readonly (readonly string[])[]): readonly (readonly ProcessEntry[])[] {
  const all = listProcesses();
  const marksOf = marksIn(families.flat());
  const found = new Map(all.map(({ pid }) => [pid, marksOf(pid)]));
  return families.map((marks) =>
    familyOf(all, ({ pid }) => found.get(pid)?.some((mark) => marks.includes(mark)) ?? false),
  );
}

function familyOf(all: readonly ProcessEntry[], isRoot: (entry: ProcessEntry) => boolean): readonly ProcessEntry[] {
  const roots = all.filter(isRoot);
  const family = new Map(roots.map((entry) => [entry.pid, entry]));
  for (let before = -1; before !== family.size; ) {
    before = family.size;
    for (const entry of all) if (family.has(entry.parentPid)) family.set(entry.pid, entry);
  }
  family.delete(process.pid);
  return [...family.values()];
}

/** The CPU time of these processes in seconds, and of their children that have ended. Linux only: elsewhere 0. */
export function cpuSeconds(pids: readonly number[]): number {
  // Source: proc(5), fields 14 to 17 of stat; the third is the first after the command. A tick is a hundredth of a second.
  const ticks = pids.flatMap((pid) => statFields(pid).slice(11, 15).map(Number));
  return ticks.reduce((sum, one) => sum + one, 0) / 100;
}

function pidsInProc(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Reads /proc/<pid>/stat; the command in it may hold spaces and brackets, so that fields count from the last `)`. */
function entryOf(pid: number): ProcessEntry | null {
  const fields = statFields(pid);
  const [state, parentPid] = fields;
  const startedAt = fields[19];
  if (startedAt === undefined || state === 'Z' || state === 'X') return null;
  // Ticks since the boot: the boot belongs to it.
  return { pid, parentPid: Number(parentPid), startedAt: `${bootId()}:${startedAt}` };
}

function statFields(pid: number): readonly string[] {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

let knownBootId: string | null = null;

function bootId(): string {
  knownBootId ??= readProc('/proc/sys/kernel/random/boot_id').trim();
  return knownBootId;
}

/** The name of its program, without the arguments; empty for one that is gone. */
export function processName(pid: number): string {
  const name = process.platform === 'linux' ? readProc(`/proc/${pid}/comm`) : ps(['-o', 'comm=', '-p', String(pid)]);
  return name.trim();
}

/** Which of these marks a process carries. */
function marksIn(marks: readonly string[]): (pid: number) => readonly string[] {
  const among = (words: readonly string[]): readonly string[] => words.filter((word) => marks.includes(word));
  if (process.platform === 'linux') return (pid) => among(readProc(`/proc/${pid}/environ`).split('\0'));
  const lines = ps(['-A', '-E', '-ww', '-o', 'pid=,command=']).split('\n');
  const found = new Map(lines.map((line) => [Number.parseInt(line, 10), among(line.split(' '))]));
  return (pid) => found.get(pid) ?? [];
}

function listByPs(pid?: number): readonly ProcessEntry[] {
  const which = pid === undefined ? ['-A'] : ['-p', String(pid)];
  return ps([...which, '-o', 'pid=,ppid=,state=,lstart='])
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
      if (match === null || match[3]?.startsWith('Z')) return [];
      return [{ pid: Number(match[1]), parentPid: Number(match[2]), startedAt: match[4] ?? '' }];
    });
}
