import type { ServiceKind } from '../fleet/service-process.ts';

/** A piece of text that is replaced as a process loads the file. */
export interface Edit {
  /** From the top of the repository. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** A defect of the protocols that is put into a running system; the product's code has no switch for it. */
export interface Plant {
  readonly name: string;
  readonly says: string;
  readonly edits: readonly Edit[];
  /** What is done to the database before the processes start. */
  readonly sql?: readonly string[];
  /** The services that load the files. */
  readonly services: readonly ServiceKind[];
  /** The faults that show it. */
  readonly faults: readonly string[];
  /** The invariants, or faults with a criterion of their own, of which one must be seen broken. */
  readonly breaks: readonly string[];
}

/** The text with the defect in it. Throws when the text to replace does not stand there exactly once. */
export function plantInto(text: string, { file, find, replace }: Edit): string {
  const found = text.split(find).length - 1;
  if (found === 1) return text.replace(find, () => replace);
  throw new Error(`A plant does not fit any more: its text stands ${found} times in ${file}, not once: ${find}`);
}
