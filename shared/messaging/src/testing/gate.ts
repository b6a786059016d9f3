import { setImmediate as turn } from 'node:timers/promises';

/** Something that handlers wait at. It opens at the end of its scope too, so that a failed test leaves nothing waiting. */
export class Gate implements Disposable {
  readonly #opened = Promise.withResolvers<void>();

  pass(): Promise<void> {
    return this.#opened.promise;
  }

  open(): void {
    this.#opened.resolve();
  }

  [Symbol.dispose](): void {
    this.open();
  }
}

/** Lets everything that is ready to run go on for a while. */
export async function someTurns(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn();
}
