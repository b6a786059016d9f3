import { modelParts, type WaitingReason } from '@oio/contracts';
import { GLOBAL, type LimitBook, type LimitKey, limitKeys, serverKey } from './limit-book.ts';
import type { ClosedModel } from './quota-book.ts';
import type { Server } from './servers.ts';
import { directoryResource } from './slots.ts';
import type { WaitingSession } from './waiting-session.ts';

/** What keeps a session waiting. Who holds a limit is told only to who asks: it is not needed to decide. */
export type Blocker = Exclude<WaitingReason, { readonly reason: 'turn' }>;

/** Where a session goes now, or why it waits; `resource` is what only it and its like wait for, null when all wait. */
export type Placement =
  | { readonly kind: 'run'; readonly serverId: string }
  | { readonly kind: 'wait'; readonly blocker: Blocker; readonly resource: string | null };

/** What is occupied, and by whom. */
export interface Occupancy {
  used(resource: string): number;
  occupantOf(directory: string, exceptId: string): string | null;
}

/** What a decision looks at besides the session. */
export interface Circumstances {
  readonly occupancy: Occupancy;
  readonly book: LimitBook;
  readonly servers: readonly Server[];
  /** In how many milliseconds the next may start under a limit; 0: now. */
  readonly waitMs: (resource: string, gapMs: number) => number;
  /** What has closed a model, null when nothing has; for null, the one that servers take by themselves. */
  readonly closedModel: (model: string | null) => ClosedModel | null;
  /** The server that has the session's directory open; null where none has. */
  readonly warmServer: (session: WaitingSession) => string | null;
}

/** A warm server is preferred to one that is emptier by less than this share of its capacity. */
const WARMTH = 0.5;

/** The one decision about a waiting session. The scheduler acts on it and explains with it. */
export function place(session: WaitingSession, circumstances: Circumstances): Placement {
  const closed = circumstances.closedModel(session.model);
  if (closed) return { kind: 'wait', blocker: quotaBlocker(closed), resource: quotaResource(session.model) };
  for (const key of limitKeys(session)) {
    const blocker = limited(key, circumstances);
    if (blocker) return { kind: 'wait', blocker, resource: key === GLOBAL ? null : key.resource };
  }
  return inOwnDirectory(session, circumstances.occupancy) ?? onServer(session, circumstances);
}

const quotaResource = (model: string | null): string => `quota:${model ?? ''}`;

function quotaBlocker({ bucket, isReopening, waitMs }: ClosedModel): Blocker {
  const { name, resetAtMs, closedBy, said, shortened } = bucket;
  const resetAt = new Date(resetAtMs).toISOString();
  return { reason: 'quota', ...modelParts(name), resetAt, closedBy, said, shortened, isReopening, waitMs };
}

/** What the limit has against one more start now. */
function limited(key: LimitKey, { occupancy, book, waitMs }: Circumstances): Blocker | null {
  const { scope, name, resource } = key;
  const [limit, used] = [book.concurrent(key), occupancy.used(resource)];
  if (used >= limit) return { reason: 'limit', scope, name, limit, used, heldBy: [] };
  const wait = waitMs(resource, book.startGapMs(key));
  return wait > 0 ? { reason: 'rate', scope, name, waitMs: wait } : null;
}

function inOwnDirectory({ directory, id }: WaitingSession, occupancy: Occupancy): Placement | null {
  const heldBy = directory === null ? null : occupancy.occupantOf(directory, id);
  if (directory === null || heldBy === null) return null;
  const blocker: Blocker = { reason: 'directory_busy', directory, heldBy };
  return { kind: 'wait', blocker, resource: directoryResource(directory) };
}

function onServer(session: WaitingSession, circumstances: Circumstances): Placement {
  const { serverId } = session;
  const candidates = circumstances.servers.filter(({ id }) => serverId === null || id === serverId);
  const healthy = candidates.filter(({ isHealthy }) => isHealthy);
  const accepting = healthy.filter(({ isAccepting }) => isAccepting);
  const best = bestOf(accepting, circumstances.warmServer(session), circumstances);
  if (best) return { kind: 'run', serverId: best.id };
  const waits = accepting.flatMap(({ id }) => limited(serverKey(id), circumstances) ?? []);
  const soonest = waits.filter(({ reason }) => reason === 'rate').sort(byWait)[0];
  const full = accepting.length === 0 ? 'none_accepting' : 'all_full';
  const detail = healthy.length === 0 ? 'none_healthy' : full;
  const blocker: Blocker = { reason: 'no_server', serverId, detail, waitMs: soonest ? waitOf(soonest) : null };
  // Where no server takes anything because of its limits, there may be room on all of them.
  const limit = waits.length === accepting.length ? (soonest ?? waits[0]) : undefined;
  return { kind: 'wait', blocker: limit ?? blocker, resource: serverId === null ? null : serverKey(serverId).resource };
}

/** In how long what blocks is over by itself; null when nobody knows. */
export function waitOf(blocker: Blocker): number | null {
  return 'waitMs' in blocker ? blocker.waitMs : null;
}

function byWait(a: Blocker, b: Blocker): number {
  return (waitOf(a) ?? 0) - (waitOf(b) ?? 0);
}

/** The one with room of which the smallest share is used, so that the work spreads; the warm one has a start. */
function bestOf(servers: readonly Server[], warm: string | null, circumstances: Circumstances): Server | undefined {
  let best: { readonly server: Server; readonly cost: number } | undefined;
  for (const server of servers) {
    const key = serverKey(server.id);
    if (limited(key, circumstances)) continue;
    const share = circumstances.occupancy.used(key.resource) / server.capacity;
    const cost = server.id === warm ? share - WARMTH : share;
    if (share < 1 && (!best || cost < best.cost || (cost === best.cost && server.id < best.server.id)))
      best = { server, cost };
  }
  return best?.server;
}
