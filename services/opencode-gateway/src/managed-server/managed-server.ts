import { isAlive, type ProcessIdentity } from './process-table.ts';
import type { ServerUsage } from './server-usage.ts';

/** A running OpenCode server that is ours to end. */
export interface ManagedServer {
  /** Stays the same over restarts on the same directory, like the sessions in it. */
  readonly id: string;
  readonly url: string;
  readonly password: string;
  readonly pid: number;
  /** It was running already and its turns go on; otherwise nothing of what ran before is left. */
  readonly adopted: boolean;
  /** Resolves with the reason when it ends, by itself or by `stop`. */
  readonly exited: Promise<string>;
  /** When it was started, in milliseconds since 1970. */
  readonly launchedAtMs: number;
  usage(): Promise<ServerUsage>;
  /** What its data directory takes on the disk. */
  diskBytes(): Promise<number>;
  /** Ends it and everything that its tools left behind. */
  stop(): Promise<void>;
  /** The same, and its keeper remains: it starts it again. */
  end(): Promise<void>;
  /** Gives back what is free in its database, once it has ended. */
  compact(): Promise<void>;
  /** Leaves it running, for another keeper to adopt. */
  release(): Promise<void>;
}

export interface ManagedServerParts extends ProcessIdentity, Omit<ManagedServer, 'exited'> {
  /** Known for our own child only; an adopted one has to be watched. */
  readonly exited?: Promise<string>;
}

export function managedServer(parts: ManagedServerParts): ManagedServer {
  const { id, url, password, pid, adopted, launchedAtMs, usage, end, compact, release, diskBytes } = parts;
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= parts.stop();
    return stopping;
  };
  const exited = parts.exited ?? watch(parts);
  return { id, url, password, pid, adopted, launchedAtMs, usage, diskBytes, end, compact, stop, release, exited };
}

const WATCH_MS = 500;

/** Nobody tells us of the end of a process that is not our child. */
function watch(server: ProcessIdentity): Promise<string> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(server)) return;
      clearInterval(timer);
      resolve('gone');
    }, WATCH_MS);
    timer.unref();
  });
}
