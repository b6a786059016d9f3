/**
 * The newest version heard of each session lately. Messages come more than once and a read of the database may be
 * overtaken by an event; what is older than this is no news. A session that has not been heard of during two sweeps is
 * forgotten: by then every read that was under way has come back.
 */
export class LatestVersions {
  #recent = new Map<string, number>();
  #before = new Map<string, number>();

  note(id: string, version: number): void {
    if (version > this.of(id)) this.#recent.set(id, version);
  }

  /** 0 when nothing was heard. */
  of(id: string): number {
    return Math.max(this.#recent.get(id) ?? 0, this.#before.get(id) ?? 0);
  }

  /** To be called after each sweep. */
  age(): void {
    this.#before = this.#recent;
    this.#recent = new Map();
  }
}
