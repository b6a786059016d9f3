import type { EventContract, LiveContract, PayloadInputOf, PayloadOf, ReplyOf, RequestContract } from '@oio/contracts';

/** What travels with every message, apart from its payload. */
export interface Envelope {
  /** Id of the message; for a command the command id, by which a repetition is recognised. */
  readonly id: string;
  /** The same for everything that follows from one outside request. */
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly tenant: string;
  /** Who asks: `user:<id>` or `service:<name>`. */
  readonly principal: string;
  /** The session that the message is about; null when it is about none. */
  readonly sessionId: string | null;
}

/** A request as its handler gets it: the payload is what its contract makes of it. */
export interface Received<P> {
  readonly payload: P;
  readonly envelope: Envelope;
}

/** Whom to ask, and for how long. */
export interface RequestOptions {
  /** Whom to ask, a role and an id: `worker.<incarnation>`, `server.<id>`. Without it any member of the queue group answers. */
  readonly to?: string;
  /** How long to wait for the answer, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Where a handler is reached. */
export interface ServeOptions {
  /** The address that is served; without it the handler joins the queue group. */
  readonly at?: string;
}

/** Who gets a message, and what is done with it. */
export interface SubscribeOptions<P> {
  /** Members of a group share the messages; without one every subscriber gets them all. */
  readonly group?: string;
  /**
   * One message at a time, in order. An event is delivered again when the handler throws; it is parked when that never
   * helps (an `AppError` that is not retryable) or did not help ten times (a bug).
   */
  readonly handler: (payload: P) => void | Promise<void>;
}

/** By what a repetition of an event is known. */
export interface PublishOptions {
  /** Which event this is, `<sessionId>:<seq>`: the same one published twice within two minutes may be kept once. */
  readonly id: string;
}

/**
 * Nothing new is delivered from the call on; resolves when the handlers under way are done, so a handler must not wait for
 * its own end. Events that wait for a member of a group go to the rest of it.
 */
export type Unsubscribe = () => Promise<void>;

/**
 * The bus between the services. Requests, and whatever came over a wire, are validated against their contract on receipt; a
 * malformed one never reaches a handler. An event or news that stays within the process was checked by the compiler. Expected errors cross it as what they are; a bug arrives as `InternalError`. Messages are values: nobody
 * changes what he sent or got. Its end waits for the handlers under way; a closed bus refuses with `UnavailableError`
 * code `bus_closed`.
 */
export interface Bus extends AsyncDisposable {
  /**
   * Asks and waits. Throws `UnavailableError` code `no_responders` when nobody serves it, or `bus_disconnected`;
   * `TimeoutError` code `no_reply` when no answer comes in time, or `connection_lost` when none can come any more (either
   * proves nothing: repeat it with the same envelope id); `InvalidError` for a bad payload; or what the handler threw.
   */
  request<C extends RequestContract>(
    contract: C,
    payload: PayloadInputOf<C>,
    envelope: Envelope,
    options?: RequestOptions,
  ): Promise<ReplyOf<C>>;
  /** Answers requests from when it resolves on, side by side. */
  serve<C extends RequestContract>(contract: C, handler: Handler<C>, options?: ServeOptions): Promise<Unsubscribe>;
  /**
   * Resolves once the event is safe with the bus: it is delivered at least once to each group and each subscriber without
   * one, in the order of the calls; hundreds may be under way. Throws `UnavailableError` when the bus cannot take it,
   * `InvalidError` code `invalid_message_id` for an id that is none.
   */
  publish<C extends EventContract>(contract: C, payload: PayloadOf<C>, options: PublishOptions): Promise<void>;
  /** At most once; never throws and never waits: the news is dropped when nobody listens or a listener is slow. */
  announce<C extends LiveContract>(contract: C, payload: PayloadOf<C>): void;
  /** Delivers from when it resolves on, one message at a time; to a group also what its members have not dealt with. */
  subscribe<C extends EventContract | LiveContract>(
    contracts: readonly C[],
    options: SubscribeOptions<PayloadOf<C>>,
  ): Promise<Unsubscribe>;
}

/** Answers a request; what it throws reaches whoever asked, a bug as `InternalError` only. */
export type Handler<C extends RequestContract> = (message: Received<PayloadOf<C>>) => Promise<ReplyOf<C>>;

/** One handler per contract: a forgotten one does not compile. */
export type Handlers<T extends Record<string, RequestContract>> = { readonly [N in keyof T]: Handler<T[N]> };
