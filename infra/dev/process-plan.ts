import { join } from 'node:path';
import { isFinalExit } from '@oio/errors';
import { EMBEDDED_MAX_CONNECTIONS, POOL_CONNECTIONS } from '@oio/persistence';
import { NODE_OPTIONS } from '@oio/platform';
import type { ProcessPlan } from './supervise-process.ts';

/** In the order in which they are started; the scheduler waits for nobody, so that the order does not matter. */
export const SERVICES = ['session-actor', 'scheduler', 'opencode-gateway', 'metrics', 'http-gateway'] as const;
export type ServiceName = (typeof SERVICES)[number];
export type Scale = Readonly<Record<ServiceName, number>>;

/** Two of what carries on when the other dies; a second scheduler stands by. */
export const SCALE: Scale = {
  'session-actor': 2,
  scheduler: 2,
  'opencode-gateway': 2,
  metrics: 1,
  'http-gateway': 1,
};

type Environment = Readonly<Record<string, string | undefined>>;

export interface PlanInput {
  readonly scale: Scale;
  /** The top of the repository. */
  readonly root: string;
  readonly environment: Environment;
  /** Settings that all services get. */
  readonly shared: Environment;
  /** Settings of one process: the service, and which one of it, from 1 on. */
  readonly own: (service: ServiceName, number: number) => Environment;
}

/** What a service allows itself, and a little more. */
const STOP_WITHIN_MS = 27_000;

/** The processes of all services, named `session-actor.1` and so on. */
export function planServices({ scale, root, environment, shared, own }: PlanInput): ProcessPlan[] {
  return SERVICES.flatMap((service) =>
    Array.from({ length: scale[service] }, (_, index) => ({
      name: `${service}.${index + 1}`,
      command: process.execPath,
      args: [...(NODE_OPTIONS[service] ?? []), join(root, 'services', service, 'src', 'main.ts')],
      environment: { ...environment, ...shared, ...own(service, index + 1) },
      stopWithinMs: STOP_WITHIN_MS,
      isFinal: isFinalExit,
    })),
  );
}

/** What PostgreSQL lets in when nobody has told it otherwise. */
const USUAL_MAX_CONNECTIONS = 100;
/** What it keeps for its administrator, and room for somebody who looks. */
const KEPT_FREE = 5;
const FEWEST = 3;
/** For locks and listening, beside the pool. */
const BESIDE_POOL = 2;

/** How many connections each of so many processes may have in its pool, on the embedded PostgreSQL or one of somebody's own. */
export function connectionsPerProcess(processes: number, { embedded }: { readonly embedded: boolean }): number {
  const all = (embedded ? EMBEDDED_MAX_CONNECTIONS : USUAL_MAX_CONNECTIONS) - KEPT_FREE;
  return Math.min(POOL_CONNECTIONS, Math.max(FEWEST, Math.floor(all / processes) - BESIDE_POOL));
}
