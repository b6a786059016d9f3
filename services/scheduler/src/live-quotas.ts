import type { Logger } from '@oio/runtime';
import { every, type Loop } from './every.ts';
import type { QuotaTable } from './ports.ts';
import type { Bucket, QuotaBook } from './quota-book.ts';

/** How often is looked when nothing is heard. */
const LOOK_EVERY_MS = 2_000;
/** Models are named by strangers: so many are closed at most. */
const MOST = 1_000;

export interface LiveQuotasParts {
  readonly table: QuotaTable;
  readonly book: QuotaBook;
  /** Others may start from now on. */
  readonly onChange: () => void;
  readonly logger: Logger;
}

/** The closed models as they are now: in memory at once, in the database a moment later, for whoever schedules next. */
export class LiveQuotas implements AsyncDisposable {
  readonly book: QuotaBook;
  readonly #parts: LiveQuotasParts;
  readonly #loop: Loop;
  readonly #unwritten = new Map<string, Bucket>();

  constructor(parts: LiveQuotasParts) {
    this.#parts = parts;
    this.book = parts.book;
    this.#loop = every({ name: 'quotas', logger: parts.logger, intervalMs: LOOK_EVERY_MS, task: () => this.look() });
  }

  /** They have changed: read at once. */
  changed(): void {
    this.#loop.wake();
  }

  /** A provider has named a time. */
  learn(bucket: Bucket): void {
    const { name, resetAtMs, shortened, said } = bucket;
    if (this.book.names.length >= MOST || !this.book.apply(bucket)) return;
    this.#write(bucket);
    const resetAt = new Date(resetAtMs).toISOString();
    this.#parts.logger.warn(
      { model: name, resetAt, shortened, said },
      'model closed until its provider allows it again',
    );
  }

  /** A closed model has answered a turn that began after it was closed. */
  answered(name: string, atMs: number): void {
    const bucket = this.book.answered(name, atMs);
    if (bucket) {
      this.#write(bucket);
      this.#parts.logger.info({ model: name }, 'model open again');
    }
    this.#parts.onChange();
  }

  /** What the failures of sessions say, for news that were lost. To be called by the active scheduler only. */
  async learnMissed(): Promise<void> {
    const { table } = this.#parts;
    for (const bucket of await table.taught()) this.learn(bucket);
    await table.forget();
  }

  /** Memory and database are in step afterwards. */
  async look(): Promise<void> {
    const { table, onChange } = this.#parts;
    await this.#writeAll();
    let isChanged = this.book.forget();
    for (const bucket of await table.read()) isChanged = this.book.apply(bucket) || isChanged;
    if (isChanged) onChange();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  #write(bucket: Bucket): void {
    this.#unwritten.set(bucket.name, bucket);
    this.#loop.wake();
  }

  async #writeAll(): Promise<void> {
    const buckets = [...this.#unwritten.values()];
    if (buckets.length === 0) return;
    await this.#parts.table.write(buckets);
    for (const bucket of buckets) if (this.#unwritten.get(bucket.name) === bucket) this.#unwritten.delete(bucket.name);
  }
}
