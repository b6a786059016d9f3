import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Has a shell script run as soon as this process has ended, however it ends: the shell waits for the end of a pipe that only
 * this process holds open. Returns how to call it off.
 */
export function whenThisProcessEnds(script: string, ...args: readonly string[]): () => void {
  const watcher = spawn('sh', ['-c', `read -r _; ${script}`, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  watcher.stdin.on('error', () => {});
  return () => void watcher.kill('SIGKILL');
}

/** A child that does not outlive this process. */
export function killWithThisProcess(child: ChildProcess): void {
  const callOff = whenThisProcessEnds('kill -KILL "$1"', String(child.pid));
  // The id of a program that ended may soon be somebody else's.
  child.once('exit', callOff);
}
