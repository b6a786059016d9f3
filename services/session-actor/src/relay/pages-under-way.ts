/** How many pages may be unconfirmed at a time. */
const MOST = 4;

/** Pages that are being published while the next ones are read. They count as published in the order in which they were read. */
export class PagesUnderWay {
  readonly #onFailure: () => void;
  #pages: Promise<void>[] = [];
  #failure: { readonly error: unknown } | null = null;

  /** `onFailure` is called at the first failure of a page; what follows it fails as well. */
  constructor(onFailure: () => void) {
    this.#onFailure = onFailure;
  }

  get isEmpty(): boolean {
    return this.#pages.length === 0;
  }

  /** Throws why a page could not be published. */
  assertWell(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Has a page published, and calls `onPublished` once it and all before it are. Resolves when there is room for another
   * one. After a failure nothing is published any more: it was read behind a page that has failed, which it would overtake,
   * and hide if it counted as published.
   */
  async add(publish: () => Promise<void>, onPublished: () => void): Promise<void> {
    this.assertWell();
    const page = settled([this.#pages.at(-1) ?? Promise.resolve(), publish()]).then(onPublished);
    this.#pages.push(page);
    page
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#pages = this.#pages.filter((one) => one !== page);
      });
    if (this.#pages.length >= MOST) await this.#pages[0];
  }

  /** Resolves when nothing is under way any more. Throws the failure of a page. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#pages);
    this.assertWell();
  }

  /** The same, and forgets what has failed: it is read and published again. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#pages);
    this.#failure = null;
  }

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#onFailure();
  }
}

/** Throws the first failure, but only when none of them is under way any more. */
async function settled(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === 'rejected') throw result.reason;
}
