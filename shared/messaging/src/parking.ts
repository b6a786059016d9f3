import { AppError } from '@oio/errors';
import type { Operator } from './operator.ts';

/** Why a message could not be used. */
export type ParkingReason =
  /** Its form is ours, its content breaks the contract. */
  | 'malformed'
  /** Larger than any message of ours. */
  | 'oversized'
  /** Not JSON, or not in our form. */
  | 'foreign'
  /** In the form of a version that is not known here yet. */
  | 'future_version'
  /** Valid, but its handler could do nothing with it, as often as it was tried. */
  | 'unprocessable';

/** A message that cannot be used, as it is kept for an operator who looks into it and may replay it. */
export interface ParkedMessage {
  readonly subject: string;
  /** Who could not use it: the name of the bus, behind it the group of the subscriber: `scheduler`, `metrics/history`. */
  readonly consumer: string;
  readonly reason: ParkingReason;
  /** What is wrong with it, in a sentence of at most 2,000 characters. */
  readonly detail: string;
  /** The body as it came, cut at 64 KiB; base64 where it is no text that a database could hold. */
  readonly payload: string;
  readonly encoding: 'text' | 'base64';
  /** Whether the payload was cut. */
  readonly truncated: boolean;
}

/** Where messages go that cannot be used. */
export interface Parking {
  /** Resolves when the message is kept, or was given up because too many wait to be; never rejects. */
  park(message: ParkedMessage): Promise<void>;
}

interface Unusable {
  readonly subject: string;
  readonly group?: string | undefined;
  readonly reason: ParkingReason;
  readonly error: unknown;
  /** The body of the message. */
  readonly body: Uint8Array | string;
}

/** For a bus without a place for what cannot be used: it is dropped. */
export const NO_PARKING: Parking = { park: async () => {} };

const LONGEST_PAYLOAD_BYTES = 64 * 1024;
const LONGEST_DETAIL = 2_000;

/** Puts away a message that cannot be used. Never rejects, whatever the parking does. */
export async function park({ parking, name, report }: Operator, message: Unusable): Promise<void> {
  const { subject, group, reason, error, body } = message;
  const consumer = group === undefined ? name : `${name}/${group}`;
  const detail = detailOf(error).slice(0, LONGEST_DETAIL);
  try {
    await parking.park({ subject, consumer, reason, detail, ...excerptOf(body) });
  } catch (bug) {
    // A parking that breaks its promise must not take the consumer with it.
    report(bug, subject);
  }
}

function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const violations = error instanceof AppError ? error.violations : [];
  return [error.message, ...violations.map(({ field, message }) => `${field}: ${message}`)].join(' ');
}

function excerptOf(body: Uint8Array | string): Pick<ParkedMessage, 'payload' | 'encoding' | 'truncated'> {
  const all = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const truncated = all.byteLength > LONGEST_PAYLOAD_BYTES;
  const kept = all.subarray(0, LONGEST_PAYLOAD_BYTES);
  const text = textOf(kept, truncated);
  if (text === null) return { payload: kept.toString('base64'), encoding: 'base64', truncated };
  return { payload: text, encoding: 'text', truncated };
}

/** Null when the bytes are not UTF-8, or hold the one character that PostgreSQL does not. */
function textOf(bytes: Uint8Array, isCut: boolean): string | null {
  try {
    // As a stream, the decoder does not mind a last character that was cut in two.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut });
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}
