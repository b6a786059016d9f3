import type { CommandReply, StoredSessionEvent } from '@oio/contracts';
import {
  attemptToken,
  decide,
  decideCreate,
  failureOf,
  type DecisionContext,
  isWorking,
  type SessionCommand,
  type SessionSnapshot,
} from '@oio/domain';
import { ConflictError } from '@oio/errors';
import type { SessionRow } from '../../src/ports.ts';
import { createdData, type SessionWish } from './created-data.ts';

export interface WorldLimits {
  readonly sessions: number;
  readonly capacity: Readonly<Record<string, number>>;
}

/** The truth, as the database would have it: sessions by the real domain, and the epoch of the active scheduler. */
export class World {
  readonly sessions = new Map<string, SessionSnapshot>();
  schedulerEpoch = 1;
  /** The limits that were broken, in words. */
  readonly broken: string[] = [];
  readonly #limits: WorldLimits;
  readonly #onCommit: (events: readonly StoredSessionEvent[]) => void;
  #nowMs = Date.parse('2026-01-01T00:00:00.000Z');

  constructor(limits: WorldLimits, onCommit: (events: readonly StoredSessionEvent[]) => void) {
    this.#limits = limits;
    this.#onCommit = onCommit;
  }

  submit(wish: SessionWish): void {
    const { events, next } = decideCreate(wish.id, createdData(wish), this.#context());
    this.#commit(next, events);
  }

  order(id: string, command: SessionCommand): CommandReply {
    const snapshot = this.sessions.get(id);
    if (!snapshot) throw new Error(`There is no ${id}.`);
    const decision = decide(snapshot, command, this.#context());
    if (decision.kind === 'refused') throw decision.error;
    if (decision.kind === 'nothing')
      return { sessionId: id, version: snapshot.version, status: snapshot.status, outcome: 'stale', session: null };
    if (command.name === 'dispatch' && command.payload.schedulerEpoch !== this.schedulerEpoch) {
      throw new ConflictError('The scheduler is no longer the active one.', { code: 'scheduler_deposed' });
    }
    this.#commit(decision.next, decision.events);
    const { version, status } = decision.next;
    return { sessionId: id, version, status, outcome: 'applied', session: null };
  }

  /** Tells the end of the run that is under way, or was aborted. */
  close(id: string): void {
    const attempt = this.sessions.get(id)?.attempt;
    if (attempt?.open)
      this.order(id, { name: 'report-closed', payload: { token: attemptToken(attempt), proof: 'It is over.' } });
  }

  /** Makes a running session degraded, and a degraded one well again. */
  impair(id: string): void {
    const { attempt, status } = this.sessions.get(id) ?? {};
    if (!attempt?.open) return;
    const token = attemptToken(attempt);
    if (status === 'degraded') this.order(id, { name: 'report-recovered', payload: { token } });
    else this.order(id, { name: 'report-degraded', payload: { token, failure: failureOf('provider_unavailable') } });
  }

  complete(id: string): void {
    const attempt = this.sessions.get(id)?.attempt;
    if (!attempt?.open) return;
    const resume = {
      openCodeSessionId: null,
      lastMessageId: null,
      fileSnapshot: null,
      todos: [],
      tokens: NO_TOKENS,
      costUsd: 0,
    };
    this.order(id, {
      name: 'report-completed',
      payload: { token: attemptToken(attempt), steps: [], resume, result: null, commit: null },
    });
  }

  get rows(): SessionRow[] {
    return [...this.sessions.values()].map(rowOf);
  }

  #commit(next: SessionSnapshot, events: readonly StoredSessionEvent[]): void {
    this.sessions.set(next.id, next);
    this.#check();
    this.#onCommit(events);
  }

  #check(): void {
    const working = this.rows.filter(({ status }) => isWorking(status));
    if (working.length > this.#limits.sessions) this.broken.push(`${working.length} sessions at work`);
    for (const [serverId, capacity] of Object.entries(this.#limits.capacity)) {
      const onServer = working.filter((row) => row.serverId === serverId);
      if (onServer.length > capacity) this.broken.push(`${onServer.length} sessions on ${serverId}`);
    }
    const occupied = this.rows.filter(
      ({ status, attemptOpen, workspace }) =>
        workspace === 'in_place' && (isWorking(status) || status === 'paused' || attemptOpen),
    );
    const directories = occupied.map(({ directory }) => directory);
    if (new Set(directories).size < directories.length)
      this.broken.push(`more than one session in ${directories.join(', ')}`);
  }

  #context(): DecisionContext {
    this.#nowMs += 1;
    const now = new Date(this.#nowMs).toISOString();
    return { now, cause: { kind: 'system', id: 'test' }, commandId: null, epoch: 1, random: 0.5, messageId: 'msg' };
  }
}

const NO_TOKENS = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };

function rowOf({ id, tenant, status, session, times, place, attempt, version }: SessionSnapshot): SessionRow {
  return {
    id,
    tenant,
    status,
    priority: ['critical', 'high', 'medium', 'low', 'deferred'].indexOf(session.priority),
    waitingSinceMs: times.waitingSince ? Date.parse(times.waitingSince) : null,
    directory: place.directory,
    workspace: place.workspace,
    model: session.model,
    concurrencyKey: session.concurrencyKey,
    serverId: attempt?.serverId ?? null,
    attemptOpen: attempt?.open ?? false,
    version,
  };
}
