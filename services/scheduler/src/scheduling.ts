import type { Waiting, WaitingReason } from '@oio/contracts';
import { type LimitBook, limitKeys, serverKey } from './limit-book.ts';
import { type Circumstances, place, waitOf } from './placement.ts';
import type { QuotaBook } from './quota-book.ts';
import type { Server } from './servers.ts';
import type { Slots } from './slots.ts';
import type { StartRates } from './start-rates.ts';
import type { WaitingQueue } from './waiting-queue.ts';
import type { WaitingSession } from './waiting-session.ts';
import type { WarmDirectories } from './warm-directories.ts';

export interface SchedulingParts {
  readonly queue: WaitingQueue;
  readonly slots: Slots;
  readonly rates: StartRates;
  readonly quotas: QuotaBook;
  readonly book: () => LimitBook;
  readonly servers: () => readonly Server[];
  readonly warm: WarmDirectories;
}

/** So many of those who hold a limit are named. */
const HOLDERS_NAMED = 5;
/** The share of the newest gap in the mean of the gaps between two starts. */
const NEWEST = 0.1;

/** Either who runs next and where; or that nobody can, and in how long somebody may (null: when something happens). */
export type Choice =
  | { readonly session: WaitingSession; readonly serverId: string }
  | { readonly session: null; readonly waitMs: number | null };

/** Who runs next: order, limits and room in one decision, without time or messages of its own. */
export class Scheduling {
  readonly #parts: SchedulingParts;
  /** By resource: when its rate of starts lets the next one through. */
  readonly #held = new Map<string, number>();

  #pace: { readonly gapMs: number | null; readonly lastAtMs: number | null } = { gapMs: null, lastAtMs: null };

  constructor(parts: SchedulingParts) {
    this.#parts = parts;
  }

  /** Passes over what cannot run; each lane is looked at once until something that it waits for is free. */
  next(nowMs: number): Choice {
    this.#releaseHeld(nowMs);
    const { queue } = this.#parts;
    const circumstances = this.#circumstances();
    for (let session = queue.first(); session; session = queue.first()) {
      const placement = place(session, circumstances);
      if (placement.kind === 'run') return { session, serverId: placement.serverId };
      const waitMs = waitOf(placement.blocker);
      if (placement.resource === null) return { session: null, waitMs: this.#soonest(nowMs, waitMs) };
      queue.block(session, placement.resource);
      if (waitMs !== null) this.#held.set(placement.resource, nowMs + waitMs);
    }
    return { session: null, waitMs: this.#soonest(nowMs, null) };
  }

  /** It is given its slot, before anything is sent. */
  start(session: WaitingSession, serverId: string, nowMs: number): void {
    const { queue, slots, rates, quotas, book, warm } = this.#parts;
    const keys = limitKeys(session);
    slots.reserve(session.id, serverId, { directory: session.directory, keys });
    for (const key of [...keys, serverKey(serverId)]) rates.note(key.resource, book().startGapMs(key));
    quotas.noteStart(session.model);
    warm.note(session, serverId);
    queue.dispatched(session.id);
    this.#notePace(nowMs);
  }

  /** Why it waits, by the same decision; null when it does not. `nowMs` is in milliseconds since the epoch. */
  explain(id: string, nowMs: number): Waiting | null {
    const { queue } = this.#parts;
    const session = queue.get(id);
    if (!session) return null;
    const position = queue.positionOf(session);
    const because = this.#because(session);
    return {
      because,
      position,
      waitingSince: new Date(session.waitingSinceMs).toISOString(),
      estimatedStart: this.#estimatedStart(because, position, nowMs),
    };
  }

  /** A closed model and a rate say themselves from when on; a limit of none ends when an operator says so. */
  #estimatedStart(because: WaitingReason, position: number, nowMs: number): string | null {
    if (because.reason === 'limit' && because.limit === 0) return null;
    const { gapMs } = this.#pace;
    const byPlaceMs = gapMs === null ? null : nowMs + position * gapMs;
    if (because.reason === 'quota' || because.reason === 'rate')
      return new Date(Math.max(nowMs + because.waitMs, byPlaceMs ?? 0)).toISOString();
    return byPlaceMs === null ? null : new Date(byPlaceMs).toISOString();
  }

  #because(session: WaitingSession): WaitingReason {
    const placement = place(session, this.#circumstances());
    if (placement.kind === 'run') return { reason: 'turn' };
    const { slots } = this.#parts;
    const { blocker } = placement;
    const tenant = `tenant:${session.tenant}`;
    // A session of another tenant is not named.
    if (blocker.reason === 'directory_busy' && blocker.heldBy !== null)
      return { ...blocker, heldBy: slots.counts(blocker.heldBy, tenant) ? blocker.heldBy : null };
    if (blocker.reason !== 'limit') return blocker;
    const key =
      blocker.scope === 'server'
        ? serverKey(blocker.name)
        : limitKeys(session).find(({ scope }) => scope === blocker.scope);
    return { ...blocker, heldBy: key ? slots.usersOf(key.resource, tenant).toSorted().slice(0, HOLDERS_NAMED) : [] };
  }

  #notePace(nowMs: number): void {
    const { gapMs, lastAtMs } = this.#pace;
    const gap = lastAtMs === null ? null : nowMs - lastAtMs;
    const mean = gap === null || gapMs === null ? gap : (1 - NEWEST) * gapMs + NEWEST * gap;
    this.#pace = { gapMs: mean, lastAtMs: nowMs };
  }

  #circumstances(): Circumstances {
    const { slots, rates, quotas, book, servers, warm } = this.#parts;
    const waitMs = (resource: string, gapMs: number): number => rates.waitMs(resource, gapMs);
    return {
      occupancy: slots,
      book: book(),
      servers: servers(),
      waitMs,
      closedModel: (model) => quotas.closedFor(model),
      warmServer: (session) => warm.serverFor(session),
    };
  }

  #releaseHeld(nowMs: number): void {
    for (const [resource, untilMs] of this.#held) {
      if (untilMs > nowMs) continue;
      this.#held.delete(resource);
      this.#parts.queue.release(resource);
    }
  }

  #soonest(nowMs: number, waitMs: number | null): number | null {
    const soonest = Math.min(waitMs ?? Number.POSITIVE_INFINITY, ...[...this.#held.values()].map((at) => at - nowMs));
    return Number.isFinite(soonest) ? soonest : null;
  }
}
