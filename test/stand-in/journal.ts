import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What has to be there again after the process was killed: one line of JSON per entry, written before it has any effect. */
export interface Journal extends Disposable {
  append(kind: string, value: unknown): void;
}

/** Opens the journal in `file` and gives what stands in it to `replay`; without a file nothing is kept. */
export function openJournal(file: string | null, replay: (kind: string, value: unknown) => void): Journal {
  if (file === null) return { append: () => undefined, [Symbol.dispose]: () => undefined };
  for (const [kind, value] of entriesOf(file)) replay(kind, value);
  let descriptor: number | null = openSync(file, 'a', 0o600);
  return {
    append(kind, value) {
      // What is ended together with the process leaves no trace, as with a kill.
      if (descriptor !== null) writeSync(descriptor, `${JSON.stringify([kind, value])}\n`);
    },
    [Symbol.dispose]() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}

/** A kill may have cut the last line, which then had no effect. */
function entriesOf(file: string): (readonly [string, unknown])[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as [string, unknown]);
}
