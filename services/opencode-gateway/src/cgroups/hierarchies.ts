import { join, relative } from 'node:path';

/** Version 2 has one tree for all controllers; of version 1 each has a tree of its own. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where the tree is mounted. */
  readonly mount: string;
  /** The directory of this process in it. */
  readonly own: string;
}

export type Controller = 'memory' | 'cpu' | 'cpuacct';

export interface Hierarchies {
  /** The tree of version 2; null without one. */
  readonly unified: Hierarchy | null;
  readonly legacy: Readonly<Partial<Record<Controller, Hierarchy>>>;
}

/** What `/proc/self/mountinfo` and `/proc/self/cgroup` say of the trees that there are. */
export function hierarchiesIn(mountInfo: string, ownCgroups: string): Hierarchies {
  const own = ownPaths(ownCgroups);
  const mounts = mountInfo.split('\n').flatMap((line) => mountIn(line) ?? []);
  const legacy = (controller: Controller): Hierarchy | undefined =>
    hierarchy(
      1,
      mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller)),
      own.get(controller),
    );
  const unified = hierarchy(
    2,
    mounts.find(({ type }) => type === 'cgroup2'),
    own.get(''),
  );
  const named = { memory: legacy('memory'), cpu: legacy('cpu'), cpuacct: legacy('cpuacct') };
  return {
    unified: unified ?? null,
    legacy: Object.fromEntries(Object.entries(named).filter(([, found]) => found !== undefined)),
  };
}

interface Mount {
  /** The directory of the tree that is mounted there: not its top in some containers. */
  readonly root: string;
  readonly mount: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** Source: proc(5). A line has six fields, any number of further ones, a dash, and three more. */
function mountIn(line: string): Mount | null {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, mount] = before.split(' ');
  const [type, , options] = after.split(' ');
  if (!root || !mount || !type?.startsWith('cgroup')) return null;
  return { root, mount, type, options: options?.split(',') ?? [] };
}

/** By controller the path of this process; that of version 2 by the empty name. */
function ownPaths(ownCgroups: string): ReadonlyMap<string, string> {
  return new Map(
    ownCgroups.split('\n').flatMap((line) => {
      const [, names, ...path] = line.split(':');
      return names === undefined ? [] : names.split(',').map((name) => [name, path.join(':')] as const);
    }),
  );
}

function hierarchy(version: 1 | 2, mounted: Mount | undefined, path: string | undefined): Hierarchy | undefined {
  if (!mounted || path === undefined) return undefined;
  const below = relative(mounted.root, path);
  // Outside of what is mounted here: the process has been put into a namespace of cgroups.
  const inside = below.startsWith('..') ? '' : below;
  return { version, mount: mounted.mount, own: join(mounted.mount, inside) };
}
