import type { ServiceKind } from '../fleet/service-process.ts';

/** A defect of the protocols that is put into the product's code as a process loads it; the code itself has no switch for it. */
export interface Plant {
  readonly name: string;
  readonly says: string;
  /** From the top of the repository. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The services that load it. */
  readonly services: readonly ServiceKind[];
  /** The faults that show it. */
  readonly faults: readonly string[];
  /** The invariants of which one must be seen broken. */
  readonly breaks: readonly string[];
}

/** The text with the defect in it. Throws when the text to replace does not stand there exactly once. */
export function plantInto(text: string, { name, file, find, replace }: Plant): string {
  const found = text.split(find).length - 1;
  if (found === 1) return text.replace(find, () => replace);
  throw new Error(`The plant ${name} does not fit any more: its text stands ${found} times in ${file}, not once.`);
}
