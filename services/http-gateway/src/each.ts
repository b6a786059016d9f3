import { setTimeout as pause } from 'node:timers/promises';
import { UnavailableError } from '@oio/errors';
import type { Admission } from './admission.ts';

/** What is not begun by then is left: an answer has to come. */
const WITHIN_MS = 12_000;
const PAUSE_MS = 20;

interface EachOptions {
  readonly admission: Pick<Admission, 'order'>;
  /** How many are under way at a time. */
  readonly atOnce: number;
}

interface Failed<Item> {
  readonly index: number;
  readonly item: Item;
  readonly error: unknown;
}

/**
 * Does something for each of many items of one request, some at a time, each let in like an order of its own. Tells what came
 * of it and what failed or was not begun in time, in the order of the items.
 */
export async function each<Item, Result>(
  items: readonly Item[],
  { admission, atOnce }: EachOptions,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<{ readonly done: Result[]; readonly failed: Failed<Item>[] }> {
  const done: { readonly index: number; readonly result: Result }[] = [];
  const failed: Failed<Item>[] = [];
  const untilMs = performance.now() + WITHIN_MS;
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of rest) {
      try {
        done.push({ index, result: await whenLetIn(admission, untilMs, () => work(item, index)) });
      } catch (error) {
        failed.push({ index, item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const inOrder = (a: { readonly index: number }, b: { readonly index: number }): number => a.index - b.index;
  return { done: done.sort(inOrder).map(({ result }) => result), failed: failed.sort(inOrder) };
}

/** The system lets in as much as it can take: this request waits for its turns, it is not refused because of its size. */
async function whenLetIn<T>(admission: Pick<Admission, 'order'>, untilMs: number, work: () => Promise<T>): Promise<T> {
  for (;;) {
    if (performance.now() > untilMs)
      throw new UnavailableError('There was no time left for it.', { code: 'not_reached', retryAfterMs: 1_000 });
    try {
      return await admission.order(work);
    } catch (error) {
      if (!(error instanceof UnavailableError) || error.code !== 'overloaded') throw error;
      await pause(PAUSE_MS);
    }
  }
}
