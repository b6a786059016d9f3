import { FIRST_ORDER, ORDERS_PER_EPOCH } from '@oio/contracts';
import type { Authority } from './attempt-order.ts';

interface Line {
  readonly epoch: number;
  number: number;
  /** Whether an order under this number may have reached somebody. */
  used: boolean;
}

/**
 * The numbers that orders to opencode-gateways are given under: of two orders for a session the later one has the higher
 * fence, over all its owners, because the epoch comes first in it.
 */
export class Fences {
  readonly #epochOf: (sessionId: string) => number | null;
  readonly #lines = new Map<string, Line>();

  constructor(epochOf: (sessionId: string) => number | null) {
    this.#epochOf = epochOf;
  }

  /** For a new order; null when the session is no longer owned here. */
  next(sessionId: string): Authority | null {
    const line = this.#lineOf(sessionId);
    if (!line) return null;
    if (line.used) line.number += 1;
    line.used = true;
    return authorityOf(line);
  }

  /** The order reached nobody, so that the next one may bear its number. */
  unused(sessionId: string, { fence }: Authority): void {
    const line = this.#lines.get(sessionId);
    if (line && authorityOf(line).fence === fence) line.used = false;
  }

  /** That of the last order, for what is not an order. */
  present(sessionId: string): Authority | null {
    const line = this.#lineOf(sessionId);
    if (!line) return null;
    line.used = true;
    return authorityOf(line);
  }

  /** Forgets sessions that are no longer owned here: whoever owns them next has a higher epoch. */
  keepOnly(owned: { has(sessionId: string): boolean }): void {
    for (const sessionId of this.#lines.keys()) if (!owned.has(sessionId)) this.#lines.delete(sessionId);
  }

  #lineOf(sessionId: string): Line | null {
    const epoch = this.#epochOf(sessionId);
    if (epoch === null) return null;
    const known = this.#lines.get(sessionId);
    if (known?.epoch === epoch) return known;
    const line: Line = { epoch, number: FIRST_ORDER, used: false };
    this.#lines.set(sessionId, line);
    return line;
  }
}

function authorityOf({ epoch, number }: Line): Authority {
  return { epoch, fence: epoch * ORDERS_PER_EPOCH + number };
}
