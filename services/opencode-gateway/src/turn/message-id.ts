import { createHash } from 'node:crypto';

/**
 * The message id under which a prompt is stored, in OpenCode's own form: `msg_`, 12 hex digits that grow with time, 14
 * characters from `unique`, which must name the attempt (the same in, the same out).
 *
 * OpenCode compares ids to see which message is newer, so the clock that gives `atMs` must not run ahead of the
 * server's: a prompt that seems newer than its answer would be answered again and again.
 */
export function messageIdOf(atMs: number, unique: string): string {
  const time = (BigInt(atMs) * 4096n).toString(16).padStart(12, '0').slice(-12);
  const digest = createHash('sha256').update(unique).digest();
  const tail = Array.from(digest.subarray(0, 14), (byte) => BASE62[byte % 62]).join('');
  return `msg_${time}${tail}`;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
