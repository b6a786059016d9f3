import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OrderLimit } from './order-limit.ts';

/**
 * Which requests are let in. What comes on top of `limit` requests being answered is refused before anything of it is
 * looked at, and so is an order while too many are on their way: a refusal must cost next to nothing.
 */
export class Admission {
  readonly #limit: number;
  readonly #orders: OrderLimit;
  readonly #leave = new WeakMap<IncomingMessage, () => void>();
  #inFlight = 0;

  constructor(limit: number, orders: OrderLimit) {
    this.#limit = limit;
    this.#orders = orders;
  }

  /** False: to be refused. Questions about health are always answered. */
  enter(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url?.startsWith('/health/')) return true;
    if (this.#inFlight >= this.#limit || (isOrder(request) && this.#orders.isFull)) return false;
    this.#inFlight += 1;
    let inside = true;
    const leave = (): void => {
      if (inside) this.#inFlight -= 1;
      inside = false;
    };
    this.#leave.set(request, leave);
    response.once('close', leave);
    return true;
  }

  /** The request is not being answered for now, it waits. The signal aborts when its client leaves. */
  standAside(request: IncomingMessage, response: ServerResponse): AbortSignal {
    this.#leave.get(request)?.();
    const gone = new AbortController();
    // With a reason of our own: each answered request ends here, and an exception with its stack would be made for it.
    const leave = (): void => gone.abort('gone');
    if (response.destroyed) leave();
    else response.once('close', leave);
    return gone.signal;
  }

  /** Carries out an order. Throws `UnavailableError` code `overloaded` when too many are under way. */
  order<T>(work: () => Promise<T>): Promise<T> {
    return this.#orders.run(work);
  }
}

function isOrder({ method }: IncomingMessage): boolean {
  return method === 'POST' || method === 'DELETE';
}
