import type { Backing } from '../system/backing.ts';
import { type CommitLimits, measureCommits } from './commit-limits.ts';
import { measureKoa } from './koa-limit.ts';
import { measureNats } from './nats-limit.ts';

/** What the parts can do alone, on the same servers as the run that follows. */
export interface Limits extends CommitLimits {
  /** Null in standalone mode, which has none. */
  readonly natsRequestsPerSec: number | null;
  readonly koaRequestsPerSec: number;
}

export interface LimitsOptions {
  readonly clients: number;
  /** How long each is measured, in milliseconds. */
  readonly ms: number;
  readonly onProgress: (text: string) => void;
}

/** To be called before anything else runs on these servers. */
export async function measureLimits(backing: Backing, { clients, ms, onProgress }: LimitsOptions): Promise<Limits> {
  onProgress('limits: commits');
  const commits = await measureCommits(backing.postgres.url, ms);
  onProgress('limits: NATS');
  const natsRequestsPerSec = backing.distributed ? await measureNats(backing.distributed.nats, ms) : null;
  onProgress('limits: Koa');
  const koaRequestsPerSec = await measureKoa(clients, ms);
  return { ...commits, natsRequestsPerSec, koaRequestsPerSec };
}
