import { STATUSES } from '@oio/contracts';
import { isTerminal } from '@oio/domain';
import { serviceEnvelope } from '@oio/messaging';
import type { SessionRouter } from '@oio/ownership';
import type { Clock } from '@oio/runtime';
import type { PacedCommands } from './paced-commands.ts';
import type { DependantTable, SessionKey } from './ports.ts';

/** How often all that wait for others are looked at, for news that was not heard; more seldom where the look takes long. */
const SWEEP_EVERY_MS = 1_000;
export const SWEEP_AT_LEAST_EVERY_MS = 5_000;
/** The sweep rests for so many times as long as it took. */
const REST = 20;
const MORE_AFTER_MS = 20;

export interface DependantParts {
  readonly table: Pick<DependantTable, 'due' | 'dueAmong'>;
  readonly router: SessionRouter;
  readonly commands: PacedCommands;
  readonly clock: Clock;
}

/**
 * Releases the sessions that wait for others. The database says which; news only say whom to look at, at once, and only while
 * anybody waits, so that a fleet without dependencies pays for one empty look a second.
 */
export class Dependants {
  readonly #parts: DependantParts;
  /** Sessions that have ended, and such as depend on others and are new. */
  readonly #news = new Set<string>();
  #anyWaits = false;

  constructor(parts: DependantParts) {
    this.#parts = parts;
  }

  /** Whether there is somebody to look at now. */
  hear({ sessionId, type, data }: SessionNews): boolean {
    if (type === 'session.created' && isDependant(data)) this.#anyWaits = true;
    else if (!this.#anyWaits || !ENDS.has(type)) return false;
    this.#news.add(sessionId);
    return true;
  }

  /** Looks at those that the news are of. Returns in how many milliseconds it should look again, if there is more. */
  async release(): Promise<number | void> {
    const { table, commands } = this.#parts;
    if (this.#news.size === 0) return;
    const limit = commands.room;
    if (limit === 0) return MORE_AFTER_MS;
    const heard = [...this.#news];
    this.#news.clear();
    const due = await table.dueAmong({ heard, limit, except: commands.resting });
    this.#settle(due);
    if (due.length < limit) return;
    for (const id of heard) this.#news.add(id);
    return MORE_AFTER_MS;
  }

  /** Looks at all. Returns in how many milliseconds the next look should be. */
  async sweep(): Promise<number> {
    const { table, commands, clock } = this.#parts;
    const limit = commands.room;
    if (limit === 0) return MORE_AFTER_MS;
    const beganMs = clock.monotonicMs();
    const { due, waiting } = await table.due({ limit, except: commands.resting });
    this.#anyWaits = waiting;
    this.#settle(due);
    return due.length === limit ? MORE_AFTER_MS : Math.max(SWEEP_EVERY_MS, REST * (clock.monotonicMs() - beganMs));
  }

  /** The command id is made of the session, so that one that is released twice is queued once. */
  #settle(due: readonly SessionKey[]): void {
    const { router, commands } = this.#parts;
    for (const { id, tenant } of due) {
      commands.send(id, async () => {
        const envelope = { ...serviceEnvelope('scheduler', { tenant, id: `dependencies:${id}` }), sessionId: id };
        const { outcome } = await router.send('settle-dependencies', {}, envelope);
        return outcome === 'stale' ? 'again' : 'done';
      });
    }
  }
}

/** What was heard is no event for sure. */
export interface SessionNews {
  readonly sessionId: string;
  readonly type: string;
  readonly data?: unknown;
}

/** The events of a session's end. */
export const ENDS: ReadonlySet<string> = new Set(STATUSES.filter(isTerminal).map((status) => `session.${status}`));

function isDependant(data: unknown): boolean {
  return Boolean((data as { readonly session?: { readonly dependsOn?: unknown } } | undefined)?.session?.dependsOn);
}
