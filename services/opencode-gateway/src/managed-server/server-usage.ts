import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';
import { promisify } from 'node:util';
import { memoryBytes } from './process-memory.ts';
import { cpuSeconds, type ProcessIdentity, processFamily } from './process-table.ts';
import { MARKER, type ServerPaths } from './server-environment.ts';

/** What a managed server takes of the machine. */
export interface ServerUsage {
  /** Of its whole process tree; what its processes share counts once. */
  readonly memoryBytes: number;
  /** With what is not yet written back. */
  readonly databaseBytes: number;
  /** Of its whole process tree so far; less when one of them has ended elsewhere. */
  readonly cpuSeconds: number;
}

export async function serverUsage({ root, database }: ServerPaths, server: ProcessIdentity): Promise<ServerUsage> {
  const family = processFamily(server, `${MARKER}=${root}`);
  const pids = family.map(({ pid }) => pid);
  return {
    cpuSeconds: cpuSeconds(pids),
    memoryBytes: await memoryBytes(pids),
    databaseBytes: sizeOf(database) + sizeOf(`${database}-wal`),
  };
}

/** What a directory and all below it take on the disk. 0 where it cannot be told. */
export async function directoryBytes(path: string): Promise<number> {
  const told = await promisify(execFile)('du', ['-sk', path]).catch((error: unknown) => error);
  // What vanishes while it counts makes it fail, and it has counted the rest.
  return Number.parseInt(String(Reflect.get(told as object, 'stdout') ?? '0'), 10) * 1_024 || 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
