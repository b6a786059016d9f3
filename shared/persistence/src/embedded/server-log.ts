import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';

/** The server's log, open for appending, and how long it was before this start. */
export interface ServerLog extends AsyncDisposable {
  readonly fd: number;
  /** What was written since, the lines that tell why something failed. */
  read(): Promise<string>;
}

/** Opens the log for a server that is about to start; a large one is set aside first, over the one set aside before. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > LARGE_LOG_BYTES) await rename(path, `${path}.1`);
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  const { size: start } = await file.stat();
  return {
    fd: file.fd,
    read: () => readFrom(file, start),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

const LARGE_LOG_BYTES = 16_000_000;

const TAIL_BYTES = 64 * 1024;

async function readFrom(file: FileHandle, start: number): Promise<string> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.min(size - start, TAIL_BYTES));
  await file.read(buffer, 0, buffer.length, size - buffer.length);
  return buffer.toString('utf8');
}

/** What stands at the end of a log that a running server writes. */
export async function readLogEnd(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  return await readFrom(file, Math.max(0, size - TAIL_BYTES));
}

/** The last different lines that say what went wrong, indented for a message; of any kind if none does. */
export function usefulLines(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.replace(PREFIX, '').trimEnd())
    .filter((line) => line !== '');
  const telling = lines.filter((line) => TELLING.test(line));
  return [...new Set(telling.length > 0 ? telling : lines)]
    .slice(-5)
    .map((line) => `  ${line}`)
    .join('\n');
}

/** `%m [%p] `, the server's own log_line_prefix. */
const PREFIX = /^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] /;
const TELLING = /\b(FATAL|PANIC|ERROR|HINT|DETAIL|WARNING|fatal|error|could not|cannot)\b/;
