import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 1;
const WITHIN_MS = 5_000;

/**
 * Resolves when every thread of a process has come to rest after SIGSTOP: one that runs on another core may still answer when `kill`
 * has returned. Without `/proc`, and for a process that is gone, at once.
 */
export async function untilStopped(pid: number): Promise<void> {
  const endMs = performance.now() + WITHIN_MS;
  while (performance.now() < endMs) {
    const states = await statesOf(pid).catch(() => []);
    if (states.every((state) => AT_REST.includes(state))) return;
    await pause(LOOK_MS);
  }
}

/** Stopped, held by a debugger, or ended. */
const AT_REST = ['T', 't', 'Z', 'X'];

/** The state is what follows the name in parentheses, which may hold anything. Source: proc_pid_stat(5). */
async function statesOf(pid: number): Promise<string[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
  return (await Promise.all(stats)).map((stat) => stat.charAt(stat.lastIndexOf(')') + 2));
}
