import { readFile } from 'node:fs/promises';
import { ps } from './process-files.ts';

/**
 * The memory of these processes in bytes. A page that several processes share counts in parts, one for each of them, so that a
 * fork takes nothing until it writes (proportional set size); where that is not told it counts in full for each (resident set
 * size). Parents are to come first: what a child gives back while it is counted was counted with its parent in part then, so that
 * the sum is never too large.
 */
export async function memoryBytes(pids: readonly number[], proc = '/proc'): Promise<number> {
  let kilobytes = 0;
  if (process.platform === 'linux') {
    // One after the other, and beside the event loop: the kernel walks all pages of a process, which takes a while.
    for (const pid of pids) kilobytes += await kilobytesOf(`${proc}/${pid}`);
  } else if (pids.length > 0) {
    for (const line of ps(['-o', 'rss=', '-p', pids.join(',')]).split('\n')) kilobytes += Number(line);
  }
  return kilobytes * 1_024;
}

async function kilobytesOf(place: string): Promise<number> {
  const told = /^Pss:\s+(\d+) kB/m.exec(await read(`${place}/smaps_rollup`));
  // Not in old kernels, and not of the processes of others.
  return Number((told ?? /^VmRSS:\s+(\d+) kB/m.exec(await read(`${place}/status`)))?.[1] ?? 0);
}

function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
