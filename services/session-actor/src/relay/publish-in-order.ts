import { type EventContract, sessionEvents, type StoredSessionEvent } from '@oio/contracts';
import { AppError, InvalidError } from '@oio/errors';
import type { Bus, ParkedMessage, Parking } from '@oio/messaging';
import type { Logger } from '@oio/runtime';
import { nameOf } from './fresh-events.ts';

export interface PublisherParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly parking: Parking;
  readonly logger: Logger;
}

/** A bug gets some tries, because much that passes looks like one. */
const MOST_TRIES = 10;
const LONGEST_PAYLOAD = 65_536;

/**
 * Publishes pages of the history: events of different sessions at the same time, those of one session one after the
 * other, so that not even a failure lets a later one overtake. What can never be published is parked, lest it hold up
 * everything behind it; those who listen find it in the history.
 */
export class OrderedPublisher {
  readonly #parts: PublisherParts;
  /** The last event of each session that is under way, or has failed: then none of the later ones may go before `startOver`. */
  readonly #last = new Map<string, Promise<void>>();
  /** Of the pages under way: how often an event has failed, or that it is parked. */
  readonly #failures = new Map<string, number>();
  /** How many events were published, and how many parked, since the start. */
  published = 0;
  parked = 0;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when all of them are safe with the bus. Throws the first failure when nothing of the page is under way any
   * more. Several pages may be under way, given in their order.
   */
  async publish(events: readonly StoredSessionEvent[]): Promise<void> {
    const turns = events.map((event) => this.#inTurn(event));
    for (const result of await Promise.allSettled(turns)) if (result.status === 'rejected') throw result.reason;
    this.published += events.length;
    for (const event of events) this.#failures.delete(nameOf(event));
  }

  /** Forgets what has failed: it is given again, with all that was to follow it. Nothing may be under way. */
  startOver(): void {
    this.#last.clear();
  }

  /** After the event of the same session that was given before it, and not at all if that failed. */
  #inTurn(event: StoredSessionEvent): Promise<void> {
    const { sessionId } = event;
    const before = this.#last.get(sessionId);
    const turn = before ? before.then(() => this.#publish(event)) : this.#publish(event);
    this.#last.set(sessionId, turn);
    turn.then(
      () => {
        if (this.#last.get(sessionId) === turn) this.#last.delete(sessionId);
      },
      () => {},
    );
    return turn;
  }

  async #publish(event: StoredSessionEvent): Promise<void> {
    const id = nameOf(event);
    const failures = this.#failures.get(id) ?? 0;
    if (failures === Number.POSITIVE_INFINITY) return;
    try {
      await this.#parts.bus.publish(contractOf(event), event, { id });
    } catch (error) {
      this.#failures.set(id, failures + 1);
      if (mayPass(error, failures + 1)) throw error;
      await this.#park(id, event, error);
    }
  }

  async #park(id: string, event: StoredSessionEvent, error: unknown): Promise<void> {
    this.#failures.set(id, Number.POSITIVE_INFINITY);
    this.parked += 1;
    const { sessionId, seq, type } = event;
    this.#parts.logger.error({ err: error, sessionId, seq, type }, 'event cannot be published');
    const payload = JSON.stringify({ v: 1, id, payload: event });
    await this.#parts.parking.park({
      subject: `events.${type}`,
      consumer: 'relay',
      reason: reasonOf(event, error),
      detail: error instanceof Error ? error.message : String(error),
      payload: payload.slice(0, LONGEST_PAYLOAD),
      encoding: 'text',
      truncated: payload.length > LONGEST_PAYLOAD,
    });
  }
}

/** A newer session-actor may have committed it. */
function contractOf({ type }: StoredSessionEvent): EventContract {
  const contract: EventContract | undefined = sessionEvents[type];
  if (contract) return contract;
  throw new InvalidError(`Events of type ${String(type)} are not known here.`);
}

function mayPass(error: unknown, failures: number): boolean {
  return error instanceof AppError ? error.retryable : failures < MOST_TRIES;
}

function reasonOf({ type }: StoredSessionEvent, error: unknown): ParkedMessage['reason'] {
  if (!(type in sessionEvents)) return 'future_version';
  return error instanceof InvalidError ? 'malformed' : 'unprocessable';
}
