import type { Server } from './servers.ts';
import { directoryResource, serverResource } from './slots.ts';
import type { WaitingSession } from './waiting-queue.ts';

/** Why a session waits. */
export type Blocker =
  | { readonly reason: 'no_slot'; readonly limit: number; readonly used: number }
  | { readonly reason: 'directory_busy'; readonly directory: string; readonly heldBy: string }
  | {
      readonly reason: 'no_server';
      /** The server that it must go back to; null for any. */
      readonly serverId: string | null;
      readonly detail: 'none_healthy' | 'none_accepting' | 'all_full';
    };

/** Where a session goes now, or why it waits; `resource` is what only it and its like wait for, null when all wait. */
export type Placement =
  | { readonly kind: 'run'; readonly serverId: string }
  | { readonly kind: 'wait'; readonly blocker: Blocker; readonly resource: string | null };

/** What is occupied, and by whom. */
export interface Occupancy {
  readonly used: number;
  usedOn(serverId: string): number;
  occupantOf(directory: string, exceptId: string): string | null;
}

export interface Limits {
  /** How many sessions may work at the same time. */
  readonly limit: number;
  readonly servers: readonly Server[];
}

/** The one decision about a waiting session. The scheduler acts on it and explains with it. */
export function place(session: WaitingSession, occupancy: Occupancy, { limit, servers }: Limits): Placement {
  const { used } = occupancy;
  if (used >= limit) return { kind: 'wait', blocker: { reason: 'no_slot', limit, used }, resource: null };
  const { directory, serverId } = session;
  const heldBy = directory === null ? null : occupancy.occupantOf(directory, session.id);
  if (directory !== null && heldBy !== null) {
    return {
      kind: 'wait',
      blocker: { reason: 'directory_busy', directory, heldBy },
      resource: directoryResource(directory),
    };
  }
  const healthy = servers.filter(({ id, isHealthy }) => isHealthy && (serverId === null || id === serverId));
  const accepting = healthy.filter(({ isAccepting }) => isAccepting);
  const best = emptiest(accepting, occupancy);
  if (best) return { kind: 'run', serverId: best.id };
  const unhealthy = healthy.length === 0;
  const full = accepting.length === 0 ? 'none_accepting' : 'all_full';
  const blocker: Blocker = { reason: 'no_server', serverId, detail: unhealthy ? 'none_healthy' : full };
  return { kind: 'wait', blocker, resource: serverId === null ? null : serverResource(serverId) };
}

/** The one with room of which the smallest share is used, so that the work spreads. */
function emptiest(servers: readonly Server[], occupancy: Occupancy): Server | undefined {
  let best: { readonly server: Server; readonly share: number } | undefined;
  for (const server of servers) {
    const share = occupancy.usedOn(server.id) / server.capacity;
    if (share < 1 && (!best || share < best.share || (share === best.share && server.id < best.server.id)))
      best = { server, share };
  }
  return best?.server;
}
