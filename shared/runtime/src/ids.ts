import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
let lastStamp = 0n;

/** A time-ordered id. */
export const newId = (): string => v7();

/** An id for a prompt in OpenCode, in the server's own form, so that messages sort by time: `msg_`, 12 hex digits, 14 letters. */
export function newMessageId(nowMs: number = Date.now()): string {
  const stamp = BigInt(nowMs) * 4096n;
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n;
  const time = lastStamp.toString(16).padStart(12, '0').slice(-12);
  const tail = Array.from(randomBytes(14), (byte) => BASE62[byte % 62]).join('');
  return `msg_${time}${tail}`;
}
