import { failure } from '@oio/contracts';
import { ENDS, type SessionNews } from './dependants.ts';
import type { LiveQuotas } from './live-quotas.ts';
import { believedReset, type Bucket } from './quota-book.ts';

/** The events that tell why a turn fails or is impaired. */
const TELLING: ReadonlySet<string> = new Set(['session.failed', 'session.degraded', 'session.impairment-changed']);
const SAID = 500;

type Told = SessionNews & { readonly at?: unknown };

/** What the history teaches of models that their providers refuse for a time, and of their answers after that. */
export class QuotaLessons {
  readonly #quotas: Pick<LiveQuotas, 'book' | 'learn' | 'answered'>;
  /** By closed model: the sessions at work of which something began or ended since. What ends first may have begun before. */
  readonly #since = new Map<string, Set<string>>();

  constructor(quotas: Pick<LiveQuotas, 'book' | 'learn' | 'answered'>) {
    this.#quotas = quotas;
  }

  /** How many sessions are kept in mind. */
  get size(): number {
    return [...this.#since.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Anything that happened; it is no event for sure. Costs next to nothing while no model is closed. */
  hear(event: Told): void {
    // A model may stay closed for days: who has ended says nothing more before he runs again.
    if (ENDS.has(event.type)) for (const sessions of this.#since.values()) sessions.delete(event.sessionId);
    if (TELLING.has(event.type)) this.#learn(event);
    if (this.#quotas.book.isEmpty) return this.#since.clear();
    if (event.type === 'session.running') for (const name of this.#quotas.book.names) this.#note(name, event.sessionId);
    if (event.type === 'session.step-finished') this.#answered(event);
  }

  #learn({ sessionId, data, at }: Told): void {
    const said = failure.safeParse((data as { readonly failure?: unknown } | undefined)?.failure).data;
    const bucket = said && bucketOf(said, Date.parse(String(at)));
    if (!bucket) return;
    this.#since.set(bucket.name, new Set([sessionId]));
    this.#quotas.learn(bucket);
  }

  #answered({ sessionId, data, at }: Told): void {
    const name = (data as { readonly step?: { readonly model?: unknown } } | undefined)?.step?.model;
    if (typeof name !== 'string' || !this.#quotas.book.names.includes(name)) return;
    const atMs = Date.parse(String(at));
    if (this.#note(name, sessionId) && !Number.isNaN(atMs)) this.#quotas.answered(name, atMs);
  }

  /** Whether something of the session was noted before. */
  #note(name: string, sessionId: string): boolean {
    const sessions = this.#since.get(name) ?? new Set();
    const isKnown = sessions.has(sessionId);
    this.#since.set(name, sessions.add(sessionId));
    return isKnown;
  }
}

/** What a failure says of its model; null when its provider has named no time. */
export function bucketOf(
  { message, quota }: Pick<ReturnType<typeof failure.parse>, 'message' | 'quota'>,
  atMs: number,
): Bucket | null {
  if (!quota || Number.isNaN(atMs)) return null;
  const { model: name, byDefault, resetAt } = quota;
  const time = believedReset(Date.parse(resetAt), atMs);
  const said = message.slice(0, SAID);
  return { name, ...time, isOpen: false, closedBy: 'provider', said, byDefault, changedAtMs: atMs };
}
