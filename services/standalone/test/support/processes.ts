import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/** The running processes that name `directory` in their command line or environment, or work in it; not this one. */
export function processesOf(directory: string): readonly FoundProcess[] {
  const found = process.platform === 'linux' ? fromProc(directory) : fromPs(directory);
  return found.filter(({ pid }) => pid !== process.pid);
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== 'linux' || !/\) [ZX] /.test(read(`/proc/${pid}/stat`));
}

/** Ends a process that may be gone already. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Somebody was quicker.
  }
}

function fromProc(directory: string): FoundProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ');
    const isIn = [command, read(`/proc/${name}/environ`), link(`/proc/${name}/cwd`)].some((text) =>
      text.includes(directory),
    );
    return isIn && isRunning(Number(name)) ? [{ pid: Number(name), command }] : [];
  });
}

function fromPs(directory: string): FoundProcess[] {
  const lines = execFileSync('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(directory))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line }));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
