import { failureOf } from '@oio/domain';
import type { AgentEvent, Hearing, SessionEvent } from '../agent-server/events.ts';
import type { SessionRef } from '../agent-server/sessions.ts';
import type { ServerLink } from '../server-link.ts';
import type { TurnLimits } from '../turn/turn-limits.ts';
import { TurnReader, type TurnReading } from '../turn/turn-reader.ts';
import type { TurnHealth } from './turn-health.ts';
import type { TurnSigns } from './turn-watch.ts';
import { within } from './when-up.ts';

/** Stalls of up to eight seconds are normal for the real server. */
const SLOW_MS = 15_000;
/** A reading that comes after a pause of this process gets a chance all the same. */
const LEAST_PATIENCE_MS = 1_000;

export interface TurnReadingsParts {
  readonly link: ServerLink;
  readonly ref: SessionRef;
  readonly messageId: string;
  readonly limits: TurnLimits;
  readonly health: TurnHealth;
  readonly signs: TurnSigns;
  readonly signal: AbortSignal;
  /** The server was started anew, and nothing was handed to it since. */
  readonly nothingRuns: boolean;
}

/** Reads one turn over restarts of its server, and notices when that is out of reach. */
export class TurnReadings {
  readonly #parts: TurnReadingsParts;
  #generation: number;
  #reader: TurnReader;
  /** When the server answered last, or is asked for the first time since. */
  #reachedAtMs = performance.now();
  #isReached = true;

  constructor(parts: TurnReadingsParts) {
    this.#parts = parts;
    this.#generation = parts.link.generation;
    this.#reader = this.#newReader(parts.nothingRuns, parts.limits);
  }

  /** What the events of the turn are told to, whichever reader there is by then. */
  readonly listener = {
    concerns: (event: AgentEvent): boolean => this.#reader.concerns(event),
    onEvent: (event: SessionEvent): void => this.#reader.noteEvent(event),
    onChild: (sessionId: string): void => this.#reader.noteChild(sessionId),
  };

  get reachedAtMs(): number {
    return this.#reachedAtMs;
  }

  noteSent(): void {
    this.#reader.noteSent();
  }

  /** Whether the turn waits for a person. */
  noteWaiting(waits: boolean): void {
    this.#reader.noteWaiting(waits);
  }

  /** Whether the server was started anew since the last time: nothing is under way then, whatever was before. */
  renew(): boolean {
    const { generation } = this.#parts.link;
    if (generation === this.#generation) return false;
    this.#generation = generation;
    this.#reader = this.#newReader(true, this.#parts.limits);
    return true;
  }

  /** A server that leaves a reading without an answer is out of reach like one that is down: `TimeoutError`. */
  async read(): Promise<TurnReading> {
    if (this.#isReached) this.#reachedAtMs = performance.now();
    this.#isReached = false;
    const leftMs = this.#reachedAtMs + this.#parts.limits.connectMs - performance.now();
    const slow = setTimeout(() => void this.outOfReach('It does not answer.').catch(() => {}), SLOW_MS);
    try {
      const patienceMs = Math.max(leftMs, LEAST_PATIENCE_MS);
      const message = 'The OpenCode server does not answer.';
      // A turn that is to be ended does not wait for it.
      const patience = { ms: patienceMs, message, signal: this.#parts.signal };
      const reading = await within(this.#reader.read(), patience);
      this.#isReached = true;
      return reading;
    } finally {
      clearTimeout(slow);
    }
  }

  outOfReach(why: string): Promise<void> {
    return this.#parts.health.impaired(failureOf('server_unreachable', why));
  }

  #newReader(nothingRuns: boolean, limits: TurnLimits): TurnReader {
    const { link, ref, messageId } = this.#parts;
    const server = {
      messages: (session: SessionRef) => link.agent().messages(session),
      activities: (directory: string) => link.agent().activities(directory),
    };
    return new TurnReader({
      server,
      session: ref,
      messageId,
      now: Date.now,
      monotonicMs: () => performance.now(),
      hearing: () => this.#hearing(),
      nothingRuns,
      limits,
    });
  }

  /** The event stream as far as it is listened to. */
  #hearing(): Hearing | null {
    const { link, signs } = this.#parts;
    const hearing = signs.listeningSinceMs === null || !link.up ? null : link.agent().hearing();
    return hearing && { ...hearing, sinceMs: Math.max(hearing.sinceMs, signs.listeningSinceMs ?? 0) };
  }
}
