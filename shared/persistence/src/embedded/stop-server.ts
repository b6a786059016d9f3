import { UnavailableError } from '@oio/errors';
import { pollFor } from './poll-for.ts';
import { isRunning, readPostmasterFile } from './postmaster-file.ts';

/** How long each way of stopping may take before the next, harsher one, in milliseconds. */
export interface StopPatience {
  readonly fastMs: number;
  readonly immediateMs: number;
}

/**
 * Ends the server `pid` on `data` and waits until it is gone: a fast shutdown (open transactions roll back), then an
 * immediate one (the next start recovers from the log), then SIGKILL. Nothing that was committed is lost by any of them.
 */
export async function stopServer(data: string, pid: number, patience: StopPatience = PATIENCE): Promise<void> {
  const steps = [
    ['SIGINT', patience.fastMs],
    ['SIGQUIT', patience.immediateMs],
    ['SIGKILL', patience.immediateMs],
  ] as const;
  for (const [signal, withinMs] of steps) {
    if (!(await isOurs(data, pid))) return;
    send(pid, signal);
    if ((await pollFor(() => goneOrUndefined(pid), { withinMs })) === true) return;
  }
  throw new UnavailableError(`PostgreSQL (process ${pid} on ${data}) does not end, not even by SIGKILL.`);
}

const PATIENCE: StopPatience = { fastMs: 30_000, immediateMs: 10_000 };

/** A server that ended by itself long ago may have left its id to somebody else, who must not be hit. */
async function isOurs(data: string, pid: number): Promise<boolean> {
  return (await readPostmasterFile(data))?.pid === pid && (await isRunning(pid));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function goneOrUndefined(pid: number): Promise<true | undefined> {
  return (await isRunning(pid)) ? undefined : true;
}
