import { createLogger, type Logger } from '@oio/runtime';
import { asJsonLine, createLineFormat, type LoggedLine } from './log-line.ts';

/** Where the lines of all processes come together. */
export interface MergedLog {
  /** One line of the process of that name. */
  add(line: LoggedLine): void;
  /** A log for something that runs in this process, shown as one of its own. */
  loggerFor(process: string): Logger;
}

export interface MergedLogOptions {
  readonly json: boolean;
  readonly isColored: boolean;
  readonly write: (text: string) => void;
}

export function createMergedLog({ json, isColored, write }: MergedLogOptions): MergedLog {
  const format = json ? asJsonLine : createLineFormat(isColored);
  const add = (line: LoggedLine): void => write(`${format(line)}\n`);
  return {
    add,
    loggerFor: (process) =>
      createLogger(process, { destination: { write: (text) => add({ process, text: text.trimEnd() }) } }),
  };
}
