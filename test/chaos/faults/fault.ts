import type { Target } from '../target.ts';
import type { World } from '../world.ts';

/** What a fault disturbs; two that share something do not run at the same time. */
export type Part =
  | 'actors'
  | 'schedulers'
  | 'gateways'
  | 'http'
  | 'metrics'
  | 'opencode'
  | 'nats'
  | 'redis'
  | 'postgres'
  | 'load';

/** What came of a fault. */
export interface Effect {
  /** How often it really struck: a fault that never did has shown nothing. */
  readonly times: number;
  readonly note?: string;
  /** Where a criterion of its own was missed. */
  readonly breaches?: readonly string[];
  /** What a slow machine misses as well. */
  readonly targets?: readonly Target[];
}

export interface Fault {
  readonly name: string;
  readonly says: string;
  readonly touches: readonly Part[];
  /** How long its consequences may last by the specification when it is over, in milliseconds. Default: not at all. */
  readonly aftermathMs?: number;
  /** Disturbs, and has mended everything when it resolves. */
  run(world: World): Promise<Effect>;
}

/** This machine cannot do it. It counts as not run, never as passed. */
export class CannotRunError extends Error {}
