import { setTimeout as pause } from 'node:timers/promises';
import { ForbiddenError } from '@oio/errors';
import type { Msg, NatsConnection, Subscription } from 'nats';
import type { Report } from '../operator.ts';

const LONGEST_DRAIN_MS = 2_000;

interface LinkSubscriptionOptions {
  readonly subject: string;
  /** Members of a queue share the messages. */
  readonly queue: string | undefined;
  readonly onMessage: (message: Msg) => void;
  readonly onDenied: Report;
}

/** A subscription that says whether the server let it be, and ends without losing what is on the way. */
export class LinkSubscription {
  readonly #nats: NatsConnection;
  readonly #subscription: Subscription;
  #denied: ForbiddenError | null = null;

  constructor(nats: NatsConnection, { subject, queue, onMessage, onDenied }: LinkSubscriptionOptions) {
    this.#nats = nats;
    this.#subscription = nats.subscribe(subject, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        if (!error) return onMessage(message);
        this.#denied = new ForbiddenError(`NATS does not let this user subscribe to "${subject}".`, {
          code: 'bus_forbidden',
          cause: error,
        });
        onDenied(this.#denied, subject);
      },
    });
  }

  /** Resolves when the server has it. Throws `ForbiddenError` code `bus_forbidden`, or what the connection says. */
  async established(): Promise<void> {
    // A connection that was lost has it as soon as it is back.
    await this.#nats.flush().catch(() => {});
    if (this.#denied) throw this.#denied;
  }

  /** Resolves when what the server had sent before has been handed out; gives up on a server that hangs. */
  async end(): Promise<void> {
    if (this.#subscription.isClosed()) return;
    await Promise.race([
      this.#subscription.drain().catch(() => {}),
      pause(LONGEST_DRAIN_MS, undefined, { ref: false }),
    ]);
    this.#subscription.unsubscribe();
  }
}
