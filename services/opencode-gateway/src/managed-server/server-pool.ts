import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OpencodeGatewayConfig, OpencodeGatewaySetting } from '../config.ts';
import { endAbandonedServer } from './end-abandoned-server.ts';
import { createDrainTurns } from './drain-turns.ts';
import { type KeeperParts, startKeeper } from './keep-server.ts';
import type { ManagedServer } from './managed-server.ts';
import type { RecycleLimits } from './recycling.ts';
import { startOwnServer } from './start-own-server.ts';

export interface PoolParts extends Omit<KeeperParts, 'capacity' | 'start' | 'limits' | 'turns'> {
  readonly config: OpencodeGatewayConfig;
  readonly setting: OpencodeGatewaySetting;
  /** Only one gateway of a machine starts a server on a directory at a time. */
  readonly alone: (directory: string, start: () => Promise<ManagedServer>) => Promise<ManagedServer>;
}

/** The data directories of so many managed servers; that of the first is the one which a single server had. */
export function serverDirectories(root: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => directoryOf(root, index));
}

/** Starts the managed servers, or stands by for those that another gateway looks after. Throws `StartupError`. */
export async function startServerPool({ config, setting, alone, ...parts }: PoolParts): Promise<AsyncDisposable> {
  const { OPENCODE_SERVERS_MANAGED: count, OPENCODE_SERVER_CAPACITY: capacity, OPENCODE_PORT: port } = config;
  await endSurplus(setting.serverDirectory, count, parts);
  const common = { ...parts, capacity, limits: limitsOf(config), turns: createDrainTurns() };
  const keepers = serverDirectories(setting.serverDirectory, count).map((directory, index) => {
    const start = () => startOwnServer({ ...setting, directory, port: port && port + index });
    return startKeeper({ ...common, start: () => alone(directory, start) });
  });
  const started = await Promise.allSettled(keepers);
  const pool = {
    // All at once: each may take its time to end.
    async [Symbol.asyncDispose]() {
      const kept = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      await Promise.all(kept.map((keeper) => keeper[Symbol.asyncDispose]()));
    },
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (!failed) return pool;
  await pool[Symbol.asyncDispose]();
  throw failed.reason;
}

function directoryOf(root: string, index: number): string {
  return index === 0 ? root : join(root, 'servers', String(index + 1));
}

/** When there are to be fewer than before, nobody looks after the others any more; their sessions stay on the disk. */
async function endSurplus(root: string, count: number, { table, logger }: Pick<PoolParts, 'table' | 'logger'>) {
  for (let index = count; existsSync(directoryOf(root, index)); index += 1) {
    const serverId = await endAbandonedServer(directoryOf(root, index));
    if (serverId === null) continue;
    await table.forget(serverId);
    logger.warn({ serverId, directory: directoryOf(root, index) }, 'opencode server no longer wanted');
  }
}

function limitsOf(config: OpencodeGatewayConfig): RecycleLimits {
  return {
    ageSeconds: config.OPENCODE_RECYCLE_SECONDS,
    memoryMb: config.OPENCODE_RECYCLE_MEMORY_MB,
    directories: config.OPENCODE_RECYCLE_DIRECTORIES,
    databaseMb: config.OPENCODE_RECYCLE_DATABASE_MB,
    drainSeconds: config.OPENCODE_DRAIN_SECONDS,
  };
}
