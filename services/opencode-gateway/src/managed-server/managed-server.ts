import { isAlive, type ProcessIdentity } from './process-table.ts';

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
  /** Ends it and everything that its tools left behind. */
  stop(): Promise<void>;
  /** Leaves it running, for another keeper to adopt. */
  release(): Promise<void>;
}

export interface ManagedServerParts extends ProcessIdentity {
  readonly id: string;
  readonly url: string;
  readonly password: string;
  readonly adopted: boolean;
  readonly stop: () => Promise<void>;
  readonly release: () => Promise<void>;
  /** Known for our own child only; an adopted one has to be watched. */
  readonly exited?: Promise<string>;
}

export function managedServer(parts: ManagedServerParts): ManagedServer {
  const { id, url, password, pid, adopted, release } = parts;
  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= parts.stop();
    return stopping;
  };
  return { id, url, password, pid, adopted, stop, release, exited: parts.exited ?? watch(parts) };
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
