import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Which of the processes holds the connection whose own end is this port of 127.0.0.1; Linux only. Undefined if none does. */
export function processOfPort(port: number, pids: readonly number[]): number | undefined {
  const row = connections().find((one) => one.port === port);
  return pids.find((pid) => row !== undefined && openFiles(pid).includes(`socket:[${row.inode}]`));
}

/** The own ends of the connections to a port of 127.0.0.1. One that was reset is none any more, read or not. Linux only. */
export function portsTo(peer: number): ReadonlySet<number> {
  return new Set(
    connections()
      .filter((one) => one.peer === peer)
      .map(({ port }) => port),
  );
}

function connections(): { readonly port: number; readonly peer: number; readonly inode: string | undefined }[] {
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address]) => address?.startsWith('0100007F:'))
    .map(({ 1: address = '', 2: peer = '', 9: inode }) => ({ port: portOf(address), peer: portOf(peer), inode }));
}

function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
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
