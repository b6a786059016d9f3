import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Which of the processes holds the connection whose own end is this port of 127.0.0.1; Linux only. Undefined if none does. */
export function processOfPort(port: number, pids: readonly number[]): number | undefined {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, address]) => address === local);
  const socket = `socket:[${row?.[9]}]`;
  return pids.find((pid) => row !== undefined && openFiles(pid).includes(socket));
}

function openFiles(pid: number): string[] {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).map((name) => readlinkSync(`${directory}/${name}`));
  } catch {
    return [];
  }
}

/** The memory that a process has in use, in MiB; 0 when it is gone. Linux only. */
export function memoryOf(pid: number): number {
  try {
    const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
