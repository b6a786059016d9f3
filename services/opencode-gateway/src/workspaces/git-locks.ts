import { stat, unlink } from 'node:fs/promises';

/**
 * The lock file that made git fail, '' when git was disturbed by another command without naming a file, null when the
 * failure has another reason. Another git may be at work in the same repository: the user's, the agent's, another
 * process of ours.
 */
export function lockInTheWay(error: Error): string | null {
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
  const named = /Unable to create '([\s\S]+?\.lock)': File exists/.exec(stderr);
  if (named) return named[1] ?? '';
  return DISTURBED.some((pattern) => pattern.test(stderr)) ? '' : null;
}

// A worktree that is just being added or removed is seen half-written by every command that lists worktrees.
const DISTURBED = [/failed to read .*\/commondir/, /could not lock config file/, /failed to read '.*\/gitdir'/];

/** Removes a lock file that begins with one of `own` and is older than any short command; tells whether it did. */
export async function removeStaleLock(lock: string, own: readonly string[]): Promise<boolean> {
  if (!own.some((prefix) => lock.startsWith(prefix))) return false;
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs < STALE_LOCK_MS) return false;
    await unlink(lock);
    return true;
  } catch {
    return false;
  }
}

const STALE_LOCK_MS = 30_000;
