import { statSync } from 'node:fs';
import { type ProcessIdentity, processFamily, residentBytes } from './process-table.ts';
import { MARKER, type ServerPaths } from './server-environment.ts';

/** What a managed server takes of the machine. */
export interface ServerUsage {
  /** Of its whole process tree. */
  readonly memoryBytes: number;
  /** With what is not yet written back. */
  readonly databaseBytes: number;
}

export function serverUsage({ root, database }: ServerPaths, server: ProcessIdentity): ServerUsage {
  const family = processFamily(server, `${MARKER}=${root}`);
  return {
    memoryBytes: residentBytes(family.map(({ pid }) => pid)),
    databaseBytes: sizeOf(database) + sizeOf(`${database}-wal`),
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
