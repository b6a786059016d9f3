import { dirname, join } from 'node:path';
import { isThere } from './is-there.ts';
import { knownForASecond } from './known-for-a-second.ts';

/** A working tree has the first at its top; a git directory and a bare repository have the second. */
const TRACES = ['.git', 'HEAD'] as const;

/**
 * Whether git could find anything from this directory (a real path) upwards. Where it could not, it need not be run to
 * say so: a process costs a thousand times as much as these looks.
 */
export function hasTracesOfGit(directory: string): boolean {
  if (TRACES.some((name) => isThere(join(directory, name)))) return true;
  const parent = dirname(directory);
  return parent !== directory && aboveIt(parent);
}

const aboveIt = knownForASecond(hasTracesOfGit);
