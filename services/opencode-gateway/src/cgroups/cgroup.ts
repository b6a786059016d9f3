import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TimeoutError } from '@oio/errors';

/** What the processes of a cgroup may take together; null: no limit of that kind. */
export interface CgroupLimits {
  /** In cores. */
  readonly cpuLimit: number | null;
  readonly memoryLimitMb: number | null;
}

/** A directory that a controller of cgroups is told things in. */
export interface CgroupDirectory {
  readonly version: 1 | 2;
  readonly path: string;
}

export interface CgroupUsage {
  /** Since it was made; null where nobody counts it. */
  readonly cpuSeconds: number | null;
  readonly memoryBytes: number;
  /** The most that it ever was. */
  readonly peakBytes: number;
  /** How many processes were killed because there was no more memory for them. */
  readonly memoryKills: number;
}

/** Where processes are held together, with limits for all of them. */
export interface Cgroup {
  /** Files that a process writes its number to in order to enter; what it starts is inside, whatever it does. */
  readonly entrances: readonly string[];
  /** Zeroes once it is gone. */
  usage(): CgroupUsage;
  /** Ends every process in it by force and takes it away. Throws `TimeoutError` when something is left. */
  end(): Promise<void>;
}

export interface CgroupDirectories {
  readonly memory: CgroupDirectory | null;
  readonly cpu: CgroupDirectory | null;
  /** Counts CPU time; that of `cpu` in version 2. */
  readonly cpuacct: CgroupDirectory | null;
}

const MEBIBYTE = 2 ** 20;
const PERIOD_US = 100_000;
const END_WITHIN_MS = 10_000;
const POLL_MS = 25;

/** Makes a cgroup, or opens the one that is there, and sets its limits. Throws what the file system throws. */
export function openCgroup(directories: CgroupDirectories, limits: CgroupLimits): Cgroup {
  const paths = [...new Set(Object.values(directories).flatMap((one: CgroupDirectory | null) => one?.path ?? []))];
  for (const path of paths) mkdirSync(path, { recursive: true });
  if (limits.memoryLimitMb !== null) limitMemory(required(directories.memory), limits.memoryLimitMb * MEBIBYTE);
  if (limits.cpuLimit !== null) limitCpu(required(directories.cpu), limits.cpuLimit);
  return {
    entrances: paths.map((path) => join(path, 'cgroup.procs')),
    usage: () => usageOf(directories),
    end: () => endCgroup(paths),
  };
}

function required(directory: CgroupDirectory | null): CgroupDirectory {
  if (directory) return directory;
  throw new Error('Nothing here enforces this limit.');
}

function limitMemory({ version, path }: CgroupDirectory, bytes: number): void {
  if (version === 1) {
    write(path, 'memory.limit_in_bytes', bytes);
    // With swap it would only become slow. Where swap is not counted there is no such file.
    writeIfThere(path, 'memory.memsw.limit_in_bytes', bytes);
    return;
  }
  write(path, 'memory.max', bytes);
  writeIfThere(path, 'memory.swap.max', 0);
  // Whoever asks for the last page is killed with all the others: half a server helps nobody.
  writeIfThere(path, 'memory.oom.group', 1);
}

function limitCpu({ version, path }: CgroupDirectory, cores: number): void {
  const quota = Math.round(cores * PERIOD_US);
  if (version === 2) return write(path, 'cpu.max', `${quota} ${PERIOD_US}`);
  write(path, 'cpu.cfs_period_us', PERIOD_US);
  write(path, 'cpu.cfs_quota_us', quota);
}

function usageOf({ memory, cpuacct }: CgroupDirectories): CgroupUsage {
  return { cpuSeconds: cpuacct && cpuSecondsOf(cpuacct), ...memoryUsageOf(memory) };
}

function cpuSecondsOf({ version, path }: CgroupDirectory): number {
  if (version === 1) return Number(read(path, 'cpuacct.usage')) / 1e9;
  return valueOf(read(path, 'cpu.stat'), 'usage_usec') / 1e6;
}

function memoryUsageOf(memory: CgroupDirectory | null) {
  if (!memory) return { memoryBytes: 0, peakBytes: 0, memoryKills: 0 };
  const { version, path } = memory;
  const [now, peak, events] =
    version === 1
      ? (['memory.usage_in_bytes', 'memory.max_usage_in_bytes', 'memory.oom_control'] as const)
      : (['memory.current', 'memory.peak', 'memory.events'] as const);
  const memoryBytes = Number(read(path, now));
  return {
    memoryBytes,
    peakBytes: Math.max(memoryBytes, Number(read(path, peak))),
    memoryKills: valueOf(read(path, events), 'oom_kill'),
  };
}

/** Of a file with a name and a number in each line. */
function valueOf(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
}

async function endCgroup(paths: readonly string[]): Promise<void> {
  const giveUpAtMs = performance.now() + END_WITHIN_MS;
  for (;;) {
    const left = paths.filter((path) => !remove(path));
    if (left.length === 0) return;
    if (performance.now() > giveUpAtMs)
      throw new TimeoutError(`Processes in ${left.join(', ')} cannot be ended.`, { code: 'processes_not_ended' });
    for (const path of left) kill(path);
    await delay(POLL_MS);
  }
}

/** Whether it is gone. The system takes it away only when nothing is in it. */
function remove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return Reflect.get(error as object, 'code') === 'ENOENT';
  }
}

function kill(path: string): void {
  // All at once, where the system can: nothing escapes by forking.
  writeIfThere(path, 'cgroup.kill', 1);
  const pids = read(path, 'cgroup.procs').split('\n').filter(Boolean).map(Number);
  // 0 is one of another namespace, and would be all of ours.
  for (const pid of pids.filter((one) => one > 1)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
}

function write(path: string, name: string, value: number | string): void {
  writeFileSync(join(path, name), String(value), { flag: 'r+' });
}

/** Whether it is there or not: some systems lack it, and it makes no difference to the limit. */
function writeIfThere(path: string, name: string, value: number): void {
  try {
    write(path, name, value);
  } catch {
    // Not there.
  }
}

function read(path: string, name: string): string {
  try {
    return readFileSync(join(path, name), 'utf8');
  } catch {
    return '';
  }
}
