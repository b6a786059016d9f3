import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whenThisProcessEnds } from '@oio/backing-servers';

export interface TemporaryDirectory<T> {
  /** What its name begins with. */
  readonly prefix: string;
  /** Leaves the files there, for somebody to read. */
  readonly keeps?: boolean;
  /** The same, if this holds of what came out. */
  readonly keepsIf?: (result: T) => boolean;
}

/**
 * Runs a task with an empty directory that is gone afterwards, also when the task fails or this process is killed in the
 * midst of it. A PostgreSQL that works in it then, which would outlive its parent by design, is ended before.
 */
export async function withTemporaryDirectory<T>(
  { prefix, keeps = false, keepsIf = () => false }: TemporaryDirectory<T>,
  task: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), prefix));
  const callOff = whenThisProcessEnds(keeps ? END_POSTGRES : `${END_POSTGRES}; ${REMOVE}`, directory);
  let isKept = keeps;
  try {
    const result = await task(directory);
    isKept ||= keepsIf(result);
    return result;
  } finally {
    if (!isKept) await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    callOff();
  }
}

/** A file that a crash left behind may hold an id that is somebody else's by now: only who works in that place is meant. */
const END_POSTGRES = `end_postgres() {
  find "$1" -name postmaster.pid | while read -r file; do
    pid=$(head -n 1 "$file")
    if [ "$(readlink "/proc/$pid/cwd")" = "\${file%/*}" ]; then kill -QUIT "$pid"; fi
  done
}; end_postgres "$1"`;

/** Again and again for some seconds: others who end at the same time may still be writing, or PostgreSQL just come up. */
const REMOVE = `for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  sleep 0.2; end_postgres "$1"; rm -rf -- "$1"; sleep 0.2; [ -e "$1" ] || exit 0
done`;
