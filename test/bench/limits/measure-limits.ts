import type { Measured } from '../figures.ts';
import { type Backing, processesOf } from '../system/backing.ts';
import { measureCommits } from './commit-limits.ts';
import { measureKoa } from './koa-limit.ts';
import { measureNats } from './nats-limit.ts';

/** What the parts can do alone, on the same servers as the run that follows. */
export interface Limits {
  /** One row updated by one statement in a transaction of its own, on 16 connections. */
  readonly singleRowCommitsPerSec: number;
  /** Sessions committed by the product's own statement, 64 in each, two statements under way. */
  readonly batchedCommitsPerSec: number;
  /** Null in standalone mode, which has none. */
  readonly natsRequestsPerSec: number | null;
  readonly koaRequestsPerSec: number;
}

/** The limits, and what was done to learn them: 64 sessions in one statement are one operation. */
export interface MeasuredLimits {
  readonly limits: Limits;
  readonly measured: readonly Measured[];
}

export interface LimitsOptions {
  readonly clients: number;
  /** How long each is measured, in milliseconds. */
  readonly ms: number;
  readonly onProgress: (text: string) => void;
}

/** To be called before anything else runs on these servers. */
export async function measureLimits(
  backing: Backing,
  { clients, ms, onProgress }: LimitsOptions,
): Promise<MeasuredLimits> {
  const { postgres, distributed } = backing;
  const options = { ms, processes: processesOf(backing) };
  onProgress('limits: commits');
  const { single, batched, batch } = await measureCommits(postgres.url, options);
  onProgress('limits: NATS');
  const nats = distributed ? await measureNats(distributed.nats, options) : null;
  onProgress('limits: Koa');
  const koa = await measureKoa(clients, options);
  return {
    limits: {
      singleRowCommitsPerSec: single.perSecond,
      batchedCommitsPerSec: batched.perSecond * batch,
      natsRequestsPerSec: nats?.perSecond ?? null,
      koaRequestsPerSec: koa.perSecond,
    },
    measured: [single, batched, ...(nats ? [nats] : []), koa].map(({ measured }) => measured),
  };
}
