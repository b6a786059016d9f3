import { readdirSync, readFileSync } from 'node:fs';

/** What a set of processes has used and holds. */
export interface Usage {
  /** User and system time, with that of children that have ended. */
  readonly cpuSeconds: number;
  /** Resident memory; pages that processes share are counted once (proportional set size). */
  readonly rssMb: number;
}

/** Ticks per second of the times in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** The usage of these processes and of all that descend from them. Linux only: read from /proc. */
export function usageOf(roots: readonly number[]): Usage {
  const all = readAll();
  const counted = new Set<number>(roots);
  for (let before = -1; before !== counted.size; ) {
    before = counted.size;
    for (const [pid, { parent }] of all) if (counted.has(parent)) counted.add(pid);
  }
  let ticks = 0;
  let kilobytes = 0;
  for (const pid of counted) {
    ticks += all.get(pid)?.ticks ?? 0;
    kilobytes += residentKilobytes(pid);
  }
  return { cpuSeconds: ticks / TICKS, rssMb: Math.round(kilobytes / 1_024) };
}

function readAll(): Map<number, { readonly parent: number; readonly ticks: number }> {
  const found = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    if (stat === '') continue;
    // The name in brackets may hold anything; from behind it on the fields are separated by spaces, see proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    found.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return found;
}

function residentKilobytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
}

/** Empty for a process that is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
