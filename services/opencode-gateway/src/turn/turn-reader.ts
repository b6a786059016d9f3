import type { AgentEvent, Hearing } from '../agent-server/events.ts';
import type { AgentError, TurnMessage } from '../agent-server/messages.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { AgentServer } from '../ports.ts';
import { LifeSigns } from './life-signs.ts';
import { livenessOf } from './liveness.ts';
import { DEFAULT_LIMITS, type TurnLimits } from './turn-limits.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface TurnReaderOptions {
  readonly server: Pick<AgentServer, 'messages' | 'activities'>;
  readonly session: SessionRef;
  readonly messageId: string;
  /** Milliseconds since 1970, by the clock that OpenCode's own instants are compared with. */
  readonly now: () => number;
  /** Only ever forward, whatever is done to the clock of the machine: for how long nothing was heard. */
  readonly monotonicMs: () => number;
  /** The event stream as it is followed for `noteEvent`; null while it is not. */
  readonly hearing: () => Hearing | null;
  /** The server was started anew, and nothing was handed to it since: what is unfinished is dead, without waiting. */
  readonly nothingRuns?: boolean;
  readonly limits?: Partial<TurnLimits>;
}

export interface TurnReading {
  readonly verdict: Verdict;
  readonly messages: readonly TurnMessage[];
}

/**
 * Reads a turn again and again and remembers what a single reading cannot show: when it was last seen alive, its last
 * error, whether its stop was asked for. Messages and activity are two calls, and the turn goes on between them, so that
 * any change since the reading before counts as a sign of life, the end of its activity too.
 */
export class TurnReader {
  readonly #options: TurnReaderOptions;
  /** On the clock that only goes forward. */
  #seenAliveAtMs: number | null;
  #lastError: AgentError | null = null;
  #abortRequested = false;
  #seen: string | null = null;
  #lastMessageId: string | null = null;
  /** When the reading before began, on the clock that only goes forward. */
  #readAtMs = Number.NEGATIVE_INFINITY;
  #sentAfter: string | null = null;
  readonly #life: LifeSigns;
  /** Its own and those of its sub-sessions. */
  readonly #family: Set<string>;

  constructor(options: TurnReaderOptions) {
    this.#options = options;
    this.#seenAliveAtMs = options.nothingRuns ? null : options.monotonicMs();
    this.#life = new LifeSigns(options.monotonicMs());
    this.#family = new Set([options.session.sessionId]);
  }

  /** The prompt is about to be handed over, or to be resumed: what was known of errors is past. */
  noteSent(): void {
    const nowMs = this.#options.monotonicMs();
    this.#seenAliveAtMs = nowMs;
    this.#lastError = null;
    this.#life.noteAsked(nowMs);
    this.#sentAfter = this.#lastMessageId;
  }

  noteAbort(): void {
    this.#abortRequested = true;
  }

  /** Whether somebody has to answer before it goes on. */
  noteWaiting(waits: boolean): void {
    this.#life.noteWaiting(waits, this.#options.monotonicMs());
  }

  /** A sub-session of the turn, at whatever depth. */
  noteChild(sessionId: string): void {
    this.#family.add(sessionId);
  }

  /** Whether an event tells of the turn: of its session, or of a sub-session. */
  concerns(event: AgentEvent): boolean {
    if (!('sessionId' in event)) return false;
    if (this.#family.has(event.sessionId)) return true;
    return event.type === 'session_created' && event.parentId !== null && this.#family.has(event.parentId);
  }

  /** An event of any session; those of others do nothing. */
  noteEvent(event: AgentEvent): void {
    if (!('sessionId' in event) || !this.concerns(event)) return;
    if (event.sessionId !== this.#options.session.sessionId) {
      this.noteChild(event.sessionId);
      return this.#life.noteElsewhere(this.#options.monotonicMs());
    }
    this.#life.noteEvent(event, this.#options.monotonicMs());
    // What comes before anything was handed over (the session was made, a title was set) is no sign of a turn.
    if (this.#seenAliveAtMs !== null) this.#seenAliveAtMs = this.#options.monotonicMs();
    // OpenCode tells some errors twice, and only the first time in plain words.
    if (event.type === 'error') this.#lastError ??= event.error;
    // An overflow and the like is not the end: the run went on.
    if (event.type === 'step_finished') this.#lastError = null;
  }

  async read(): Promise<TurnReading> {
    const { server, session, messageId, nothingRuns, now, monotonicMs } = this.#options;
    const beganAtMs = monotonicMs();
    const [activities, messages] = await Promise.all([server.activities(session.directory), server.messages(session)]);
    const activity = activities.get(session.sessionId);
    const active = activity !== undefined && activity.type !== 'idle';
    const fingerprint = `${active} ${fingerprintOf(messages)}`;
    const changed = this.#seen === null ? !nothingRuns : this.#seen !== fingerprint;
    if (active || changed) this.#seenAliveAtMs = monotonicMs();
    this.#seen = fingerprint;
    const isNews = changed && !this.#hasHeard(monotonicMs());
    this.#life.noteReading(messages.at(-1), activity, { changed: isNews, nowMs: monotonicMs() });
    this.#readAtMs = beganAtMs;
    this.#lastMessageId = messages.at(-1)?.id ?? null;
    const nowMs = now();
    const quietMs = this.#seenAliveAtMs === null ? null : monotonicMs() - this.#seenAliveAtMs;
    const memory = {
      lastSignOfLifeAtMs: quietMs === null ? null : nowMs - quietMs,
      lastError: this.#lastError,
      sentAfter: this.#sentAfter,
    };
    const facts = { messageId, messages, activity, nowMs, abortRequested: this.#abortRequested, ...memory };
    return { verdict: verdictOf({ ...facts, ...this.#judged() }), messages };
  }

  /**
   * Whether events were heard without a break since the reading before. What has changed since then was told by them when it
   * did: to find it stored seconds later is no new sign of life.
   */
  #hasHeard(nowMs: number): boolean {
    const { hearMs } = this.#limits;
    const hearing = this.#options.hearing();
    return hearing !== null && hearing.sinceMs <= this.#readAtMs && nowMs - hearing.lastAtMs <= hearMs;
  }

  get #limits(): TurnLimits {
    return { ...DEFAULT_LIMITS, ...this.#options.limits };
  }

  #judged() {
    const { hearing, monotonicMs } = this.#options;
    const limits = this.#limits;
    const life = { ...this.#life.facts(), hearing: hearing() };
    return { limits, liveness: livenessOf(life, limits, monotonicMs()) };
  }
}

/** What changes whenever something of the messages does. */
export function fingerprintOf(messages: readonly TurnMessage[]): string {
  const last = messages.at(-1);
  const tools = last?.parts.map((part) => (part.type === 'tool' ? part.status : sizeOf(part))) ?? [];
  return [messages.length, last?.id, last?.completedAtMs, last?.error?.name, ...tools].join(' ');
}

function sizeOf(part: TurnMessage['parts'][number]): string {
  return part.type === 'text' ? `text ${part.text.length}` : part.type;
}
