import type { WaitingSession } from './waiting-session.ts';

/** So many sessions, and so many directories, are remembered; the oldest are forgotten. */
const KEPT = 10_000;

type Place = Pick<WaitingSession, 'id' | 'directory'>;

/**
 * Where directories are open already. An OpenCode server opens a directory at its first session there, which takes its one
 * thread for about two seconds; a session that is retried has its conversation there as well. A worktree of its own is warm
 * for the session itself only. It is a preference: what is not remembered costs time, nothing else.
 */
export class WarmDirectories {
  readonly #bySession = new Map<string, string>();
  readonly #byDirectory = new Map<string, string>();

  /** It works on the server, in a directory that others may work in later, or in its own worktree (null). */
  note({ id, directory }: Place, serverId: string): void {
    this.noteSession(id, serverId);
    if (directory !== null) keep(this.#byDirectory, directory, serverId);
  }

  /** It has worked there. */
  noteSession(id: string, serverId: string): void {
    keep(this.#bySession, id, serverId);
  }

  /** Where the session best goes; null where nothing is open for it. */
  serverFor({ id, directory }: Place): string | null {
    return this.#bySession.get(id) ?? (directory === null ? null : (this.#byDirectory.get(directory) ?? null));
  }
}

function keep(map: Map<string, string>, key: string, value: string): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= KEPT) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
