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

  /** Calls `onPublished` once this page and all before it are published. Resolves when there is room for another one. */
  async add(publishing: Promise<void>, onPublished: () => void): Promise<void> {
    if (this.#failure) {
      // It was read behind a page that has failed: counted as published, it would hide that one.
      publishing.catch(() => {});
      throw this.#failure.error;
    }
    const before = this.#pages.at(-1);
    const page = Promise.all([before, publishing]).then(onPublished);
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
