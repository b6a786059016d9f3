import { readFile } from 'node:fs/promises';
import { eventually, type Patience } from '@oio/runtime/testing';

/** The number that a shell writes to a file. A shell makes the file first and fills it then: while it is empty there is none. */
export function writtenPid(file: string, patience: Patience = {}): Promise<number> {
  return eventually(async () => Number(await readFile(file, 'utf8')) || null, {
    what: `a number in ${file}`,
    ...patience,
  });
}
