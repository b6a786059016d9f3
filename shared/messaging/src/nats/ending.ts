import { UnavailableError } from '@oio/errors';

/** The end of something: it happens once, and from its beginning on nothing new is taken. */
export class Ending {
  readonly #end: () => Promise<void>;
  #ended: Promise<void> | null = null;

  constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  get hasBegun(): boolean {
    return this.#ended !== null;
  }

  begin(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** Throws `UnavailableError` code `bus_closed`. */
  assertNotBegun(): void {
    if (this.hasBegun) throw new UnavailableError('The bus is closed.', { code: 'bus_closed' });
  }
}
