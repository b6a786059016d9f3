import type { ServerAnnouncement } from '@oio/contracts';
import type { Clock } from '@oio/runtime';

/** A server that has not been heard of for this long counts as unhealthy; after the second time it is forgotten. */
const SILENCE_MS = 6_000;
const FORGET_MS = 600_000;

/** An OpenCode server as it was last announced. */
export interface Server {
  readonly id: string;
  readonly isHealthy: boolean;
  /** Not while it is drained. */
  readonly isAccepting: boolean;
  readonly capacity: number;
}

/** The OpenCode servers that make themselves heard. */
export class Servers {
  readonly #clock: Clock;
  readonly #heard = new Map<string, { readonly news: ServerAnnouncement; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  hear(news: ServerAnnouncement): void {
    this.#heard.set(news.serverId, { news, atMs: this.#clock.monotonicMs() });
  }

  all(): Server[] {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { atMs }] of this.#heard) if (nowMs - atMs > FORGET_MS) this.#heard.delete(id);
    return [...this.#heard.values()].map(({ news, atMs }) => ({
      id: news.serverId,
      isHealthy: news.healthy && nowMs - atMs < SILENCE_MS,
      isAccepting: news.accepting,
      capacity: news.capacity,
    }));
  }
}
