import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TAIL = 14;
let lastStamp = 0n;
/** Random bytes in stock: a call for them costs the same for a thousand as for one. */
const stock = Buffer.alloc(TAIL * 256);
let used = stock.length;

/** A time-ordered id. */
export const newId = (): string => v7();

/** An id for a prompt in OpenCode, in the server's own form, so that messages sort by time: `msg_`, 12 hex digits, 14 letters. */
export function newMessageId(nowMs: number = Date.now()): string {
  const stamp = BigInt(nowMs) * 4096n;
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n;
  const time = lastStamp.toString(16).padStart(12, '0').slice(-12);
  return `msg_${time}${randomTail()}`;
}

function randomTail(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  let tail = '';
  for (const end = used + TAIL; used < end; used += 1) tail += BASE62.charAt((stock[used] ?? 0) % BASE62.length);
  return tail;
}
