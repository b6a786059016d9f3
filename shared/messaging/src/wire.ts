import { violationsOf } from '@oio/contracts';
import { fromWireError, InternalError, InvalidError, toWireError } from '@oio/errors';
import { z } from 'zod';
import type { Envelope } from './bus.ts';
import type { ParkingReason } from './parking.ts';

const VERSION = 1;

/** The largest message that is sent or taken, half of what a NATS server takes by default. */
const LARGEST_BYTES = 512 * 1024;

const versioned = z.looseObject({ v: z.int().min(1) });
const eventForm = z.strictObject({ v: z.literal(VERSION), id: z.string().min(1).max(256), payload: z.unknown() });
const newsForm = z.strictObject({ v: z.literal(VERSION), payload: z.unknown() });
/** What every store can hold: neither control characters (a NUL among them) nor half of a surrogate pair. */
const storable = (most: number, what: string) =>
  z
    .string()
    .regex(
      new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${most}}$`, 'u'),
      `${what} is 1 to ${most} characters, none of them a control character`,
    );
const messageId = storable(512, 'An id');
const envelopeForm = z.strictObject({
  id: messageId,
  correlationId: messageId,
  causationId: messageId.nullable(),
  tenant: storable(200, 'A tenant'),
  principal: storable(300, 'A principal').regex(/^(user|service):./u, 'A principal is `user:<id>` or `service:<name>`'),
  sessionId: z.guid('The id of a session is a UUID').nullable(),
});
const requestForm = z.strictObject({
  v: z.literal(VERSION),
  envelope: z.looseObject({}),
  payload: z.unknown(),
});
const replyForm = z.strictObject({ v: z.literal(VERSION), payload: z.unknown() });
const errorForm = z.strictObject({
  v: z.literal(VERSION),
  error: z.object({
    kind: z.enum([
      'invalid',
      'unauthenticated',
      'forbidden',
      'not_found',
      'conflict',
      'unavailable',
      'timeout',
      'cancelled',
      'internal',
    ]),
    code: z.string(),
    message: z.string(),
    violations: z.array(z.object({ field: z.string(), code: z.string(), message: z.string() })).optional(),
    facts: z.record(z.string(), z.unknown()).optional(),
    retryAfterMs: z.number().optional(),
  }),
});

/** An event as it stands on the wire. */
export function encodeEvent(id: string, payload: unknown): string {
  return JSON.stringify({ v: VERSION, id, payload });
}

/** A request as it stands on the wire. */
export function encodeRequest(envelope: Envelope, payload: unknown): string {
  return JSON.stringify({ v: VERSION, envelope, payload });
}

/** Live news, or an answer, as it stands on the wire. */
export function encodePayload(payload: unknown): string {
  return JSON.stringify({ v: VERSION, payload });
}

/** What was thrown instead of an answer, as it stands on the wire. */
export function encodeError(thrown: unknown): string {
  return JSON.stringify({ v: VERSION, error: toWireError(thrown) });
}

/** The bytes of a message. Throws `InvalidError` code `message_too_large` beyond 512 KiB. */
export function toBytes(body: string, subject: string): Uint8Array {
  const bytes = Buffer.from(body);
  if (bytes.byteLength <= LARGEST_BYTES) return bytes;
  throw new InvalidError(
    `A message is at most ${LARGEST_BYTES} bytes; this one for "${subject}" has ${bytes.byteLength}.`,
    { code: 'message_too_large' },
  );
}

/** Throws `UnusableError`. */
export function decodeEvent(bytes: Uint8Array): { readonly id: string; readonly payload: unknown } {
  return decode(eventForm, bytes);
}

/** Throws `UnusableError`. */
export function decodeNews(bytes: Uint8Array): { readonly payload: unknown } {
  return decode(newsForm, bytes);
}

/** Throws `UnusableError`. */
export function decodeRequest(bytes: Uint8Array): { readonly envelope: Envelope; readonly payload: unknown } {
  const { envelope, payload } = decode(requestForm, bytes);
  const checked = envelopeForm.safeParse(envelope);
  if (checked.success) return { envelope: checked.data, payload };
  const wrong = violationsOf(checked.error).map(({ field, message }) => `${field}: ${message}`);
  throw new UnusableError('malformed', `The envelope is not valid: ${wrong.join('; ')}`);
}

/** The payload of an answer. Throws the error that came instead, or `InternalError` for an answer that is none. */
export function decodeReply(bytes: Uint8Array): unknown {
  const body = parseReply(bytes);
  const reply = replyForm.safeParse(body);
  if (reply.success) return reply.data.payload;
  const failure = errorForm.safeParse(body);
  if (!failure.success) throw new InternalError('An answer came that is not in the form of this version.');
  throw fromWireError(failure.data.error);
}

/** A message that cannot be used, and why. */
export class UnusableError extends InvalidError {
  readonly reason: ParkingReason;

  constructor(reason: ParkingReason, message: string) {
    super(message, { code: `${reason}_message` });
    this.reason = reason;
  }
}

function decode<T extends z.ZodType>(form: T, bytes: Uint8Array): z.output<T> {
  if (bytes.byteLength > LARGEST_BYTES) {
    throw new UnusableError(
      'oversized',
      `A message is at most ${LARGEST_BYTES} bytes; this one has ${bytes.byteLength}.`,
    );
  }
  const body = parseJson(bytes);
  const result = form.safeParse(body);
  if (result.success) return result.data;
  throw strange(body);
}

function parseReply(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes);
  } catch (cause) {
    throw new InternalError('An answer came that is not JSON.', { cause });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new UnusableError('foreign', 'The message is not JSON in UTF-8.');
  }
}

function strange(body: unknown): UnusableError {
  const { data } = versioned.safeParse(body);
  if (data && data.v > VERSION) {
    return new UnusableError('future_version', `The message is in version ${data.v}; known here is ${VERSION}.`);
  }
  return new UnusableError('foreign', 'The message is JSON, but not in the form that services of this system use.');
}
