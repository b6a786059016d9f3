import { isDeepStrictEqual } from 'node:util';
import type { LimitRule } from '@oio/contracts';
import type { Logger } from '@oio/runtime';
import { every, type Loop } from './every.ts';
import { LimitBook } from './limit-book.ts';
import type { LimitTable } from './ports.ts';

/** How often is looked when nothing is heard. */
const LOOK_EVERY_MS = 2_000;

export interface LiveLimitsParts {
  readonly table: LimitTable;
  /** How many sessions may work at the same time where no rule says it. */
  readonly globalConcurrent: number;
  /** Other limits hold from now on. */
  readonly onChange: () => void;
  readonly logger: Logger;
}

/** The limits that an operator has set, as they are now. */
export class LiveLimits implements AsyncDisposable {
  readonly #parts: LiveLimitsParts;
  readonly #loop: Loop;
  #rules: readonly LimitRule[];
  #book: LimitBook;

  private constructor(parts: LiveLimitsParts, rules: readonly LimitRule[]) {
    this.#parts = parts;
    this.#rules = rules;
    this.#book = new LimitBook({ rules, globalConcurrent: parts.globalConcurrent });
    this.#loop = every({ name: 'limits', logger: parts.logger, intervalMs: LOOK_EVERY_MS, task: () => this.#look() });
  }

  /** Returns when they are known: nothing may be dispatched before. */
  static async start(parts: LiveLimitsParts): Promise<LiveLimits> {
    return new LiveLimits(parts, await parts.table.read());
  }

  get book(): LimitBook {
    return this.#book;
  }

  /** They have changed: read at once. */
  changed(): void {
    this.#loop.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const { table, globalConcurrent, onChange } = this.#parts;
    const rules = await table.read();
    if (isDeepStrictEqual(rules, this.#rules)) return;
    this.#rules = rules;
    this.#book = new LimitBook({ rules, globalConcurrent });
    onChange();
  }
}
