import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cgroup, type CgroupDirectories, type CgroupDirectory, type CgroupLimits, openCgroup } from './cgroup.ts';
import { type Controller, type Hierarchies, hierarchiesIn, type Hierarchy } from './hierarchies.ts';

/** What can be enforced on this machine, as was found by trying. */
export interface Cgroups {
  /** Why a limit of that kind cannot be enforced; null when it can. */
  readonly obstacles: Readonly<Record<keyof CgroupLimits, string | null>>;
  /** Makes the cgroup of that name, or opens it. Throws what the file system throws. */
  readonly open: (name: string, limits: CgroupLimits) => Cgroup;
}

export interface CgroupPlace {
  /** Path of a cgroup that is ours to divide, below the mount of its tree; null: that of this process. */
  readonly path: string | null;
  readonly mountInfo: string;
  readonly ownCgroups: string;
}

/** The cgroups of this machine. Throws nothing: what cannot be had is an obstacle. */
export async function findCgroups(path: string | null): Promise<Cgroups> {
  if (process.platform !== 'linux') return without('it is not Linux');
  const place = { path, mountInfo: read('/proc/self/mountinfo'), ownCgroups: read('/proc/self/cgroup') };
  return cgroupsAt(place);
}

/** The same in a given place. */
export async function cgroupsAt({ path, mountInfo, ownCgroups }: CgroupPlace): Promise<Cgroups> {
  const hierarchies = hierarchiesIn(mountInfo, ownCgroups);
  if (!hierarchies.unified && Object.keys(hierarchies.legacy).length === 0) return without('no cgroups are mounted');
  const bases = { memory: base(hierarchies, 'memory', path), cpu: base(hierarchies, 'cpu', path) };
  const cpuacct = bases.cpu?.version === 2 ? bases.cpu : base(hierarchies, 'cpuacct', path);
  const directories = (name: string, { cpuLimit, memoryLimitMb }: CgroupLimits): CgroupDirectories => ({
    // Where it can be, everything is watched and ended together, limited or not.
    memory: tried.memory || memoryLimitMb !== null ? below(bases.memory, name) : null,
    cpu: tried.cpu || cpuLimit !== null ? below(bases.cpu, name) : null,
    cpuacct: below(cpuacct, name),
  });
  const tried = { memory: false, cpu: false };
  const open = (name: string, limits: CgroupLimits): Cgroup => openCgroup(directories(name, limits), limits);
  const memoryLimitMb = bases.memory ? await attempt(open, { cpuLimit: null, memoryLimitMb: 64 }) : absent('memory');
  const cpuLimit = bases.cpu ? await attempt(open, { cpuLimit: 1, memoryLimitMb: null }) : absent('cpu');
  tried.memory = memoryLimitMb === null;
  tried.cpu = cpuLimit === null;
  return { obstacles: { memoryLimitMb, cpuLimit }, open };
}

function without(why: string): Cgroups {
  return {
    obstacles: { cpuLimit: why, memoryLimitMb: why },
    open: () => {
      throw new Error(why);
    },
  };
}

function absent(controller: Controller): string {
  return `the "${controller}" controller of cgroups is not there`;
}

/** Makes a cgroup with such a limit and has a process enter it. What stood in the way; null when nothing did. */
async function attempt(open: Cgroups['open'], limits: CgroupLimits): Promise<string | null> {
  try {
    const cgroup = open(`oio-probe-${process.pid}`, limits);
    const { status } = spawnSync('/bin/sh', enteringCommand(cgroup.entrances, ['/bin/sh', '-c', ':']).slice(1));
    await cgroup.end();
    return status === 0 ? null : 'processes cannot be moved into cgroups of the gateway';
  } catch (error) {
    // A cgroup of version 2 that holds processes itself cannot be divided.
    const isUndivided = Reflect.get(error as object, 'code') === 'ENOENT';
    if (isUndivided)
      return 'the cgroup of the gateway cannot be divided, because processes are in it or it is not delegated';
    return `cgroups cannot be made (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** A command that enters cgroups first, so that whatever it starts is in them too. */
export function enteringCommand(entrances: readonly string[], command: readonly string[]): readonly string[] {
  if (entrances.length === 0) return command;
  const script =
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo "$$" > "$1" || exit 125; shift; n=$((n-1)); done; exec "$@"';
  return ['/bin/sh', '-c', script, 'sh', String(entrances.length), ...entrances, ...command];
}

/** Where cgroups with that controller can be made: in the tree of version 2 if that has it, else in that of version 1. */
function base({ unified, legacy }: Hierarchies, controller: Controller, path: string | null): CgroupDirectory | null {
  const inUnified = unified && directoryIn(unified, path);
  if (inUnified && read(join(inUnified.path, 'cgroup.controllers')).trim().split(' ').includes(controller)) {
    enable(inUnified.path, controller);
    return inUnified;
  }
  const old = legacy[controller];
  return old ? directoryIn(old, path) : null;
}

function directoryIn({ version, mount, own }: Hierarchy, path: string | null): CgroupDirectory {
  return { version, path: path === null ? own : join(mount, path) };
}

/** Refused while processes are in the cgroup itself; then the trial says so. */
function enable(path: string, controller: Controller): void {
  const file = join(path, 'cgroup.subtree_control');
  if (read(file).trim().split(' ').includes(controller)) return;
  try {
    writeFileSync(file, `+${controller}`, { flag: 'r+' });
  } catch {
    // The trial finds that the limit's file is not there.
  }
}

function below(directory: CgroupDirectory | null, name: string): CgroupDirectory | null {
  return directory && { ...directory, path: join(directory.path, name) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
