import { type AppError, TimeoutError, UnavailableError } from '@oio/errors';
import type { Msg, MsgHdrs } from 'nats';
import type { Link } from './link.ts';
import type { LinkSubscription } from './link-subscription.ts';

/** How many may be waited for at the same time. */
const MOST_PENDING = 20_000;
const NO_RESPONDERS = 503;

export interface AskOptions {
  readonly timeoutMs: number;
  readonly headers?: MsgHdrs;
}

interface Pending {
  readonly subject: string;
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One subscription for the answers to everything that is asked: requests, and events that wait for their confirmation.
 * What is under way when the connection breaks fails at once: its answer may have gone lost with it.
 */
export class Answers {
  readonly #link: Link;
  readonly #prefix: string;
  readonly #pending = new Map<string, Pending>();
  readonly #subscription: LinkSubscription;
  #last = 0;

  constructor(link: Link) {
    this.#link = link;
    this.#prefix = `${link.newInbox()}.`;
    this.#subscription = link.subscribe(`${this.#prefix}*`, (message) => this.#take(message));
    link.listen({
      onDisconnect: () =>
        this.#rejectAll(() => new TimeoutError('NATS went away before the answer came.', { code: 'connection_lost' })),
      onDenied: (subject, error) => this.#rejectAll(() => error, subject),
    });
  }

  /** Throws `ForbiddenError` when this user may not receive answers. */
  established(): Promise<void> {
    return this.#subscription.established();
  }

  /**
   * Throws `UnavailableError` code `no_responders` when nobody listens, `bus_disconnected`, `bus_closed` or
   * `bus_overloaded` when it was not sent; `TimeoutError` when no answer came in time, code `no_reply`, or, code `connection_lost`, none can
   * come any more; `ForbiddenError` when the server does not let it through.
   */
  ask(subject: string, data: Uint8Array, { timeoutMs, headers }: AskOptions): Promise<Msg> {
    return new Promise((resolve, reject) => {
      if (this.#pending.size >= MOST_PENDING) {
        throw new UnavailableError('Too much waits for an answer already.', { code: 'bus_overloaded' });
      }
      const token = (this.#last += 1).toString(36);
      this.#link.publish(subject, data, { reply: this.#prefix + token, ...(headers && { headers }) });
      const timer = setTimeout(() => this.#expire(token, timeoutMs), timeoutMs);
      this.#pending.set(token, { subject, resolve, reject, timer });
    });
  }

  end(): void {
    this.#rejectAll(() => new UnavailableError('The bus is closed.', { code: 'bus_closed' }));
  }

  #take(message: Msg): void {
    const token = message.subject.slice(this.#prefix.length);
    const pending = this.#settle(token);
    if (!pending) return;
    if (message.data.byteLength === 0 && message.headers?.code === NO_RESPONDERS) {
      const text = `Nobody answers "${pending.subject}" at the moment.`;
      pending.reject(new UnavailableError(text, { code: 'no_responders' }));
    } else pending.resolve(message);
  }

  #expire(token: string, timeoutMs: number): void {
    const pending = this.#settle(token);
    pending?.reject(
      new TimeoutError(`No answer to "${pending.subject}" within ${timeoutMs} ms.`, { code: 'no_reply' }),
    );
  }

  #settle(token: string): Pending | undefined {
    const pending = this.#pending.get(token);
    if (!pending) return undefined;
    this.#pending.delete(token);
    clearTimeout(pending.timer);
    return pending;
  }

  #rejectAll(errorFor: () => AppError, subject?: string): void {
    for (const [token, pending] of this.#pending) {
      if (subject === undefined || pending.subject === subject) this.#settle(token)?.reject(errorFor());
    }
  }
}
