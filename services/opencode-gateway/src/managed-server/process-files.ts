import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A file below /proc; empty when its process is gone, or hides it. */
export function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What `ps` answers where there is no /proc; empty when it fails, as it does when it finds nobody. */
export function ps(args: readonly string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
