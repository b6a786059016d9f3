import { randomBytes } from 'node:crypto';

let lastStamp = 0n;

/** An id in OpenCode's own form: the prefix, 12 hex digits that grow with time, 14 characters. */
export function newId(prefix: 'ses' | 'msg' | 'prt' | 'per' | 'que' | 'evt'): string {
  const stamp = BigInt(Date.now()) * 4096n;
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n;
  return `${prefix}_${lastStamp.toString(16).padStart(12, '0').slice(-12)}${randomBytes(7).toString('hex')}`;
}
