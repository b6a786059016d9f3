import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TAIL = 14;
let lastStamp = 0n;
/** Of the last time-ordered id: its instant, and the counter that orders those of one millisecond. */
let lastMs = 0;
let counter = 0;
/** Random bytes in stock: a call for them costs the same for a thousand as for one. */
const stock = Buffer.alloc(4_096);
let used = stock.length;

/** A time-ordered id, a UUID of version 7. Also those of one process within a millisecond are in order. Source: RFC 9562, 6.2. */
export function newId(): string {
  const random = randomBytes(16);
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = random.readUInt32BE(0) >>> 1;
  } else {
    counter = (counter + 1) % 0xff_ff_ff_ff;
    if (counter === 0) lastMs += 1;
  }
  return v7({ msecs: lastMs, seq: counter, random });
}

/**
 * An id for a prompt in OpenCode, in the server's own form, so that messages sort by time: `msg_`, 12 hex digits, 14 letters.
 * It sorts after that of `after`, also if that was made by a clock that is ahead.
 */
export function newMessageId(nowMs: number = Date.now(), after: string | null = null): string {
  const stamp = BigInt(nowMs) * 4096n;
  lastStamp = stamp > lastStamp ? stamp : lastStamp + 1n;
  const time = (lastStamp + lagBehind(lastStamp, after)).toString(16).padStart(12, '0').slice(-12);
  let tail = '';
  for (const byte of randomBytes(TAIL)) tail += BASE62.charAt(byte % BASE62.length);
  return `msg_${time}${tail}`;
}

/** How much has to be added to a stamp so that it sorts after an id. Of a stamp an id holds the lower half only, which begins anew every two years. */
function lagBehind(stamp: bigint, after: string | null): bigint {
  const digits = /^msg_([\da-f]{12})/.exec(after ?? '')?.[1];
  if (digits === undefined) return 0n;
  const lag = BigInt.asIntN(48, BigInt(`0x${digits}`) - stamp);
  return lag < 0n ? 0n : lag + 1n;
}

/** Valid until the next call but two hundred. */
function randomBytes(size: number): Buffer {
  if (used + size > stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += size;
  return stock.subarray(used - size, used);
}
