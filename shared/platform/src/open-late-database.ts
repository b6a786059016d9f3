import { setTimeout as pause } from 'node:timers/promises';
import { StartupError, UnavailableError } from '@oio/errors';
import { type Database, openDatabase } from '@oio/persistence';

const AGAIN_AFTER_MS = 500;

export interface LateDatabaseOptions {
  readonly connections: number;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  readonly onVain: (reason: string) => void;
}

/** Opens a database that may come late. Throws `StartupError` when it is there and refuses us, or is of a newer schema. */
export async function openLateDatabase(
  url: string,
  { connections, signal, onVain }: LateDatabaseOptions,
): Promise<Database> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await openDatabase(url, { connections });
    } catch (error) {
      if (!isAbsence(error)) throw error;
      onVain((error as Error).message);
    }
    await pause(AGAIN_AFTER_MS, undefined, { signal });
  }
}

/** The server is not there, or not yet ready, as far as the cause tells. */
function isAbsence(error: unknown): boolean {
  return error instanceof StartupError && error.cause instanceof UnavailableError;
}
