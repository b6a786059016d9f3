import { setTimeout as pause } from 'node:timers/promises';
import { ForbiddenError, UnavailableError } from '@oio/errors';
import { errors, type Msg, type MsgHdrs, type NatsConnection, type NatsConnectionImpl, nuid, type Status } from 'nats';
import type { Report } from '../operator.ts';
import { LinkSubscription } from './link-subscription.ts';

/** So much may wait for a server that is slow or hangs; beyond it messages are refused, and news much earlier. */
const MOST_UNCONFIRMED_BYTES = 64 * 1024 * 1024;
const MOST_UNCONFIRMED_NEWS_BYTES = 4 * 1024 * 1024;
/** After so many bytes the server is asked whether it has them. */
const CONFIRM_EVERY_BYTES = 256 * 1024;
const LONGEST_FLUSH_MS = 2_000;

export interface LinkListener {
  onDisconnect?(): void;
  onReconnect?(): void;
  /** The server did not let a message through. */
  onDenied?(subject: string, error: ForbiddenError): void;
}

export interface LinkOptions {
  /** Under what this user receives answers. */
  readonly inbox: string;
  readonly report: Report;
  /** Told when the connection ends for good, and not by `end()`. */
  readonly onClosed: (error: Error) => void;
}

/**
 * One connection to NATS, and what its client leaves to its user: it drops silently what is published while it is not
 * connected, keeps without bound what a server that hangs does not take, and breaks off when a callback throws.
 */
export class Link {
  readonly nats: NatsConnection;
  readonly inbox: string;
  readonly #report: Report;
  readonly #listeners = new Set<LinkListener>();
  #connected = true;
  #closed = false;
  #unconfirmedBytes = 0;
  #confirming = false;

  constructor(nats: NatsConnection, { inbox, report, onClosed }: LinkOptions) {
    this.nats = nats;
    this.inbox = inbox;
    this.#report = report;
    void this.#watch();
    void nats.closed().then((error) => {
      if (!this.#closed) onClosed(error instanceof Error ? error : new Error('The connection to NATS was closed.'));
    });
  }

  get isConnected(): boolean {
    return this.#connected && !this.#closed;
  }

  listen(listener: LinkListener): void {
    this.#listeners.add(listener);
  }

  forget(listener: LinkListener): void {
    this.#listeners.delete(listener);
  }

  /** A subject under which only this user receives. */
  newInbox(): string {
    return `${this.inbox}.${nuid.next()}`;
  }

  /**
   * Throws `UnavailableError`: `bus_closed`, `bus_disconnected`, or `bus_overloaded` when the server is too far behind.
   * That it does not throw proves nothing.
   */
  publish(
    subject: string,
    data: Uint8Array,
    options: { readonly reply?: string; readonly headers?: MsgHdrs } = {},
  ): void {
    this.assertUsable();
    if (this.#unconfirmedBytes > MOST_UNCONFIRMED_BYTES) {
      throw new UnavailableError('NATS takes messages too slowly.', { code: 'bus_overloaded' });
    }
    this.nats.publish(subject, data, { ...options });
    this.#count(data.byteLength);
  }

  /** Says whether there was room for it. */
  publishNews(subject: string, data: Uint8Array): boolean {
    if (!this.isConnected || this.#unconfirmedBytes > MOST_UNCONFIRMED_NEWS_BYTES) return false;
    this.nats.publish(subject, data);
    this.#count(data.byteLength);
    return true;
  }

  /** `onMessage` may throw: that is a bug and reported. Without a connection it begins with the next one. */
  subscribe(subject: string, onMessage: (message: Msg) => void, queue?: string): LinkSubscription {
    this.#assertOpen();
    const guarded = (message: Msg): void => {
      try {
        onMessage(message);
      } catch (error) {
        this.#report(error, subject);
      }
    };
    return new LinkSubscription(this.nats, { subject, queue, onMessage: guarded, onDenied: this.#report });
  }

  assertUsable(): void {
    this.#assertOpen();
    if (!this.#connected) {
      throw new UnavailableError('NATS cannot be reached at the moment.', { code: 'bus_disconnected' });
    }
  }

  /** Sends what is left, if the server takes it within two seconds, and closes. */
  async end(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#connected) await Promise.race([this.nats.flush().catch(() => {}), pause(LONGEST_FLUSH_MS)]);
    await this.nats.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new UnavailableError('The bus is closed.', { code: 'bus_closed' });
  }

  #count(bytes: number): void {
    this.#unconfirmedBytes += bytes;
    if (this.#confirming || this.#unconfirmedBytes < CONFIRM_EVERY_BYTES) return;
    this.#confirming = true;
    void this.#confirm(this.#unconfirmedBytes);
  }

  async #confirm(bytes: number): Promise<void> {
    try {
      await this.nats.flush();
      this.#unconfirmedBytes -= bytes;
    } catch {
      // Disconnected: what waited was dropped by the client.
      this.#unconfirmedBytes = 0;
    }
    this.#confirming = false;
  }

  async #watch(): Promise<void> {
    for await (const status of this.nats.status()) this.#onStatus(status);
  }

  #onStatus(status: Status): void {
    if (status.type === 'disconnect') this.#onDisconnect();
    if (status.type === 'reconnect') this.#onReconnect();
    if (status.type === 'staleConnection') this.#dropConnection();
    if (status.type === 'error') this.#onError(status.error);
  }

  #onDisconnect(): void {
    this.#connected = false;
    for (const listener of this.#listeners) listener.onDisconnect?.();
  }

  #onReconnect(): void {
    this.#connected = true;
    for (const listener of this.#listeners) listener.onReconnect?.();
  }

  #onError(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError)) return this.#report(error, '');
    const { operation, subject } = error;
    const denied = new ForbiddenError(`NATS does not let this user ${verbOf(operation)} "${subject}".`, {
      code: 'bus_forbidden',
    });
    this.#report(denied, subject);
    if (operation !== 'publish') return;
    for (const listener of this.#listeners) listener.onDenied?.(subject, denied);
  }

  /**
   * The client first waits until its last bytes are written, which a peer that hangs never lets happen; then it would
   * never connect anew.
   */
  #dropConnection(): void {
    const { transport } = (this.nats as NatsConnectionImpl).protocol;
    void transport.close(new Error('The server did not answer for 15 seconds.'));
  }
}

function verbOf(operation: 'publish' | 'subscription'): string {
  return operation === 'publish' ? 'publish to' : 'subscribe to';
}
