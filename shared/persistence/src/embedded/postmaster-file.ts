import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What PostgreSQL tells about itself in `postmaster.pid`, as far as it is written yet. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/**
 * A server on a data directory: none; `stranger`: the file is left over and another program has its process id by now;
 * `changing`: it is starting or stopping.
 */
export type FoundServer =
  | { readonly state: 'none' | 'stranger' | 'changing' }
  | { readonly state: 'ready'; readonly pid: number; readonly port: number };

/** The server that runs on `data`, told by its `postmaster.pid` and by the process of that id. */
export async function findServer(data: string): Promise<FoundServer> {
  const file = await readPostmasterFile(data);
  if (file === undefined || !(await isRunning(file.pid))) return { state: 'none' };
  if (await isStranger(file.pid, data)) return { state: 'stranger' };
  return file.ready ? { state: 'ready', pid: file.pid, port: file.port } : { state: 'changing' };
}

/** Lines of the file: https://www.postgresql.org/docs/18/storage-file-layout.html, `src/include/utils/pidfile.h`. */
export async function readPostmasterFile(data: string): Promise<PostmasterFile | undefined> {
  try {
    const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
    const pid = Number(lines[0]);
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes what a dead server left, which PostgreSQL itself refuses to do when its process id is in use again. */
export async function removePostmasterFile(data: string): Promise<void> {
  await rm(join(data, 'postmaster.pid'), { force: true });
}

/** Whether a process of this id does anything: a zombie, which nobody reaps in some containers, does not. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(stat);
}

/** True only when the process is known to be no PostgreSQL on `data`: a server always works in its data directory. */
async function isStranger(pid: number, data: string): Promise<boolean> {
  try {
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`)) !== (await realpath(data));
    const { stdout } = await promisify(execFile)('ps', ['-o', 'comm=', '-p', String(pid)]);
    return !stdout.trim().endsWith('postgres');
  } catch {
    return false;
  }
}
