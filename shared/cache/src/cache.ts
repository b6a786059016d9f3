/**
 * Answers that change rarely, kept for a while. It may forget anything at any instant and never holds the truth. Values are
 * what JSON can say; who gets one gets a copy.
 */
export interface Cache {
  /** The value, or undefined when there is none. Throws `UnavailableError` when the store cannot be asked. */
  get(key: string): Promise<unknown>;
  /**
   * Keeps a value for `ttlSeconds`, in the place of the one before. Throws `InvalidError` code `cache_value_too_large` above
   * 8 MiB of JSON, `UnavailableError` when the store cannot be asked.
   */
  set(key: string, value: unknown, ttlSeconds: number): Promise<void>;
}
