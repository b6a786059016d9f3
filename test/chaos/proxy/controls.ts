import type { Reordering } from './reordered-news.ts';

export type Direction = 'up' | 'down';
export type Way = Direction | 'both';

/** Something that happens at a certain message, once. */
export interface Trip {
  /** Bytes by which the message is known. */
  readonly bytes: Buffer;
  /**
   * Before the message goes out; just after it went out; when its answer comes, which the asker then never sees; or the whole
   * link is held from this message on. */
  readonly at: 'before' | 'during' | 'after' | 'hold';
  /** Further bytes that the message must hold. */
  readonly also?: Buffer;
  /** Told the port of the client, by which its process can be found. */
  readonly strike: (clientPort: number) => void;
}

/** What is done to all connections of a proxy. */
export class Controls {
  delayMs = 0;
  reordering: Reordering | null = null;
  readonly #held = new Set<Direction>();
  readonly #swallowed = new Set<Direction>();
  readonly #trips = new Set<Trip>();
  #release = Promise.withResolvers<void>();

  hold(way: Way): void {
    for (const direction of directionsOf(way)) this.#held.add(direction);
  }

  swallow(way: Way): void {
    for (const direction of directionsOf(way)) this.#swallowed.add(direction);
  }

  /** Lets everything pass again. Returns whether bytes were swallowed, so that connections cannot go on. */
  clear(): boolean {
    const hasSwallowed = this.#swallowed.size > 0;
    this.#held.clear();
    this.#swallowed.clear();
    this.#trips.clear();
    this.delayMs = 0;
    this.reordering = null;
    this.#release.resolve();
    this.#release = Promise.withResolvers();
    return hasSwallowed;
  }

  addTrip(trip: Trip): () => void {
    this.#trips.add(trip);
    return () => void this.#trips.delete(trip);
  }

  /** Resolves when bytes may pass in this direction. */
  async admitted(direction: Direction): Promise<void> {
    while (this.#held.has(direction)) await this.#release.promise;
  }

  swallows(direction: Direction): boolean {
    return this.#swallowed.has(direction);
  }

  /** The trip that this chunk sets off; it is used up by that. */
  tripFor(chunk: Buffer): Trip | null {
    for (const trip of this.#trips) {
      if (!chunk.includes(trip.bytes) || (trip.also && !chunk.includes(trip.also))) continue;
      this.#trips.delete(trip);
      return trip;
    }
    return null;
  }
}

function directionsOf(way: Way): readonly Direction[] {
  return way === 'both' ? ['up', 'down'] : [way];
}
