import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { rename } from 'node:fs/promises';

/** How much of a log is looked at: its beginning for the port, its end for the reason of a failure. */
const WINDOW_BYTES = 65_536;

/**
 * Opens a fresh log for a server to write to, the previous one kept beside it. A file and not a pipe: the server goes
 * on writing when we are dead.
 */
export async function openLog(path: string): Promise<number> {
  await rename(path, `${path}.previous`).catch(() => undefined);
  return openSync(path, 'ax', 0o600);
}

/** The port that the server says it listens on; null as long as it has not said so. */
export function listeningPort(path: string): number | null {
  const match = /server listening on https?:\/\/\S+:(\d+)\s/.exec(readWindow(path, 'start'));
  return match === null ? null : Number(match[1]);
}

/** The last lines, for the message of an error. */
export function lastLines(path: string, count = 10): string {
  return readWindow(path, 'end').trimEnd().split('\n').slice(-count).join('\n');
}

function readWindow(path: string, where: 'start' | 'end'): string {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, WINDOW_BYTES));
      const read = readSync(file, buffer, 0, buffer.length, where === 'start' ? 0 : size - buffer.length);
      return buffer.toString('utf8', 0, read);
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
