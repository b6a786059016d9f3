import { UnavailableError } from '@oio/errors';
import type { Pool } from 'pg';
import { sqlStateOf } from './sql-state.ts';

/** With every connection at work, or several statements under way, and no answer for so long, it is the server that hangs. */
const HUNG_MS = 5_000;
/** One alone may take its time. Every process asks for the time now and then, which takes none. */
const SEVERAL = 2;

/** Whether the database answers, told by what becomes of the statements that are made anyway. */
export class Answers {
  readonly #pool: Pool;
  #atMs = performance.now();
  #underWay = 0;
  #isLost = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Notes what becomes of it. A refusal is an answer. */
  async of<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#underWay === 0) this.#atMs = performance.now();
    this.#underWay += 1;
    try {
      const result = await statement();
      this.#note(false);
      return result;
    } catch (error) {
      this.#note(isLoss(error));
      throw error;
    }
  }

  /** All connections are at work, and others wait for one. */
  get isBusy(): boolean {
    return this.#pool.waitingCount > 0 && this.#pool.totalCount >= this.#pool.options.max;
  }

  /** It has been asked, and nothing of that comes to an end. */
  get isHung(): boolean {
    return (this.isBusy || this.#underWay >= SEVERAL) && performance.now() - this.#atMs >= HUNG_MS;
  }

  get isThere(): boolean {
    return !this.#isLost && !this.isHung;
  }

  #note(isLost: boolean): void {
    this.#underWay -= 1;
    this.#isLost = isLost;
    this.#atMs = performance.now();
  }
}

/** With these the server lets nobody in: connection, credentials, no such database, too many, coming up or going down. */
const LETS_NOBODY_IN = /^(?:08|28|3D000|53300|57P)/;

/** There was no connection, it broke, or none is to be had. */
function isLoss(error: unknown): boolean {
  if (!(error instanceof UnavailableError)) return false;
  const state = sqlStateOf(error.cause);
  return state === undefined || LETS_NOBODY_IN.test(state);
}
