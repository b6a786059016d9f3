import type { AgentError, AgentEvent, AgentServer, SessionRef, TurnMessage } from '../ports.ts';
import { type TurnLimits, type Verdict, verdictOf } from './verdict.ts';

export interface TurnReaderOptions {
  readonly server: Pick<AgentServer, 'messages' | 'activities'>;
  readonly session: SessionRef;
  readonly messageId: string;
  /** Milliseconds since 1970, by the clock that OpenCode's own instants are compared with. */
  readonly now: () => number;
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
  #lastSignOfLifeAtMs: number | null;
  #lastError: AgentError | null = null;
  #abortRequested = false;
  #seen: string | null = null;
  #lastMessageId: string | null = null;
  #sentAfter: string | null = null;

  constructor(options: TurnReaderOptions) {
    this.#options = options;
    this.#lastSignOfLifeAtMs = options.nothingRuns ? null : options.now();
  }

  /** The prompt is about to be handed over, or to be resumed: what was known of errors is past. */
  noteSent(): void {
    this.#lastSignOfLifeAtMs = this.#options.now();
    this.#lastError = null;
    this.#sentAfter = this.#lastMessageId;
  }

  noteAbort(): void {
    this.#abortRequested = true;
  }

  /** An event of any session; those of others do nothing. */
  noteEvent(event: AgentEvent): void {
    if (!('sessionId' in event) || event.sessionId !== this.#options.session.sessionId) return;
    // What comes before anything was handed over (the session was made, a title was set) is no sign of a turn.
    if (this.#lastSignOfLifeAtMs !== null) this.#lastSignOfLifeAtMs = this.#options.now();
    // OpenCode tells some errors twice, and only the first time in plain words.
    if (event.type === 'error') this.#lastError ??= event.error;
    // An overflow and the like is not the end: the run went on.
    if (event.type === 'step_finished') this.#lastError = null;
  }

  async read(): Promise<TurnReading> {
    const { server, session, messageId, limits, nothingRuns, now } = this.#options;
    const [activities, messages] = await Promise.all([server.activities(session.directory), server.messages(session)]);
    const activity = activities.get(session.sessionId);
    const active = activity !== undefined && activity.type !== 'idle';
    const fingerprint = `${active} ${fingerprintOf(messages)}`;
    const changed = this.#seen === null ? !nothingRuns : this.#seen !== fingerprint;
    if (active || changed) this.#lastSignOfLifeAtMs = now();
    this.#seen = fingerprint;
    this.#lastMessageId = messages.at(-1)?.id ?? null;
    const memory = {
      lastSignOfLifeAtMs: this.#lastSignOfLifeAtMs,
      lastError: this.#lastError,
      sentAfter: this.#sentAfter,
    };
    const facts = { messageId, messages, activity, nowMs: now(), abortRequested: this.#abortRequested, ...memory };
    return { verdict: verdictOf({ ...facts, ...(limits && { limits }) }), messages };
  }
}

function fingerprintOf(messages: readonly TurnMessage[]): string {
  const last = messages.at(-1);
  const tools = last?.parts.map((part) => (part.type === 'tool' ? part.status : part.type)) ?? [];
  return [messages.length, last?.id, last?.completedAtMs, last?.error?.name, ...tools].join(' ');
}
