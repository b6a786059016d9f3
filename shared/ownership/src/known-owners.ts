/** Owners that answered last time, the least recently used forgotten first. What it says may be out of date. */
export class KnownOwners {
  readonly #owners = new Map<string, string>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(sessionId: string): string | undefined {
    return this.#owners.get(sessionId);
  }

  remember(sessionId: string, owner: string): void {
    this.#owners.delete(sessionId);
    this.#owners.set(sessionId, owner);
    if (this.#owners.size <= this.#capacity) return;
    for (const oldest of this.#owners.keys()) {
      this.#owners.delete(oldest);
      return;
    }
  }

  /** Forgets all sessions of an owner. */
  forgetOwner(owner: string): void {
    for (const [sessionId, known] of this.#owners) if (known === owner) this.#owners.delete(sessionId);
  }

  forget(sessionId: string): void {
    this.#owners.delete(sessionId);
  }
}
