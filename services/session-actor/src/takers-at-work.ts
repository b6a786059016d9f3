import { confirmAttempts } from '@oio/contracts';
import { AppError } from '@oio/errors';
import { type Bus, serviceEnvelope } from '@oio/messaging';
import { gatewayAddress } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';

/** How often an opencode-gateway is asked for all that it has taken from this worker, in one message. */
const CONFIRM_MS = 2_000;
const TIMEOUT_MS = 1_500;
/** One that does not answer this often is taken for hung or cut off. */
const SILENCES = 2;
const LARGEST_QUESTION = 1_000;

export interface TakenOrder {
  readonly sessionId: string;
  readonly token: string;
  readonly taker: string;
}

interface Taker {
  askedAt: number;
  silences: number;
  asking: boolean;
}

type OnLost = (sessionId: string, taker: string) => void;

/** Watches the opencode-gateways that have taken attempts. One message for each of them, however many attempts it has. */
export class TakersAtWork {
  readonly #parts: { readonly bus: Bus; readonly clock: Clock; readonly logger: Logger };
  readonly #takers = new Map<string, Taker>();

  constructor(parts: { readonly bus: Bus; readonly clock: Clock; readonly logger: Logger }) {
    this.#parts = parts;
  }

  /** Asks those that were not asked for a while; tells of each order that its taker does not have, or that is left without one. */
  confirm(taken: readonly TakenOrder[], onLost: OnLost): void {
    const now = this.#parts.clock.monotonicMs();
    const byTaker = Map.groupBy(taken, ({ taker }) => taker);
    for (const id of this.#takers.keys()) if (!byTaker.has(id)) this.#takers.delete(id);
    for (const [id, orders] of byTaker) {
      const taker = this.#takers.get(id) ?? { askedAt: now, silences: 0, asking: false };
      this.#takers.set(id, taker);
      if (taker.asking || now - taker.askedAt < CONFIRM_MS) continue;
      taker.askedAt = now;
      taker.asking = true;
      void this.#ask(id, taker, orders, onLost).finally(() => {
        taker.asking = false;
      });
    }
  }

  async #ask(id: string, taker: Taker, orders: readonly TakenOrder[], onLost: OnLost): Promise<void> {
    const { bus, logger } = this.#parts;
    try {
      for (let at = 0; at < orders.length; at += LARGEST_QUESTION) {
        const attempts = orders.slice(at, at + LARGEST_QUESTION).map(({ sessionId, token }) => ({ sessionId, token }));
        const options = { to: gatewayAddress(id), timeoutMs: TIMEOUT_MS };
        const envelope = serviceEnvelope('session-actor');
        const { missing } = await bus.request(confirmAttempts, { attempts }, envelope, options);
        taker.silences = 0;
        for (const sessionId of missing) onLost(sessionId, id);
      }
    } catch (error) {
      taker.silences += 1;
      const isGone = error instanceof AppError && error.code === 'no_responders';
      if (!isGone && taker.silences < SILENCES) return;
      logger.warn({ err: error, gateway: id, attempts: orders.length }, 'opencode-gateway gone');
      for (const { sessionId } of orders) onLost(sessionId, id);
    }
  }
}
