import { UnavailableError } from '@oio/errors';
import type { ScheduleTable } from '../../src/ports.ts';
import type { Sessions } from './firing.ts';

/** Where a scheduler dies, or its word gets lost. */
export const DEATHS = ['decide', 'decided', 'submit', 'submitted', 'record', 'recorded'] as const;

/** Lets the first step of each kind be the last, and one in five of the others by a seed, until it is over. */
export class Deaths {
  isOver = false;
  readonly seen = new Set<string>();
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  at(where: (typeof DEATHS)[number]): void {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2 ** 31;
    if (this.isOver || (this.seen.has(where) && this.#seed / 2 ** 31 > 0.2)) return;
    this.seen.add(where);
    throw new UnavailableError(`It died: ${where}.`);
  }

  among(sessions: Sessions): void {
    sessions.before = async () => this.at('submit');
    sessions.after = async () => this.at('submitted');
  }

  around(table: ScheduleTable): ScheduleTable {
    return {
      ...table,
      decide: async (decisions) => {
        this.at('decide');
        await table.decide(decisions);
        this.at('decided');
      },
      record: async (record) => {
        this.at('record');
        await table.record(record);
        this.at('recorded');
      },
    };
  }
}
