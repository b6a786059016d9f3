import { STATUS_CODES } from 'node:http';
import type { Problem, Violation } from '@oio/contracts';
import { AppError, type ErrorKind, toWireError } from '@oio/errors';

/** An error as HTTP tells it. */
export interface HttpProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

const STATUS_OF: Readonly<Record<ErrorKind | 'internal', number>> = {
  invalid: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unavailable: 503,
  cancelled: 503,
  timeout: 504,
  internal: 500,
};

/** Codes that have a status of their own. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  malformed_json: 400,
  invalid_utf8: 400,
  bad_request: 400,
  method_not_allowed: 405,
  request_timeout: 408,
  stale_version: 412,
  body_too_large: 413,
  unsupported_media_type: 415,
  unknown_host: 421,
  too_many_streams: 429,
  headers_too_large: 431,
};

/** Long input is not sent back. */
const LONGEST = { field: 200, message: 600 } as const;

/** What a client is told of any thrown value: RFC 9457, with a stable code. Of a bug it only learns where to find it in the log. */
export function toProblem(thrown: unknown, correlationId: string): HttpProblem {
  const { kind, code, message, violations, facts, retryAfterMs } = toWireError(thrown);
  const status = STATUS_OF_CODE[code] ?? STATUS_OF[kind];
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: shortened(message, LONGEST.message),
    ...(violations && { violations: violations.map(shortViolation) }),
    ...(facts && { facts: facts as NonNullable<Problem['facts']> }),
    // Only where the log has more to say; the answers to an unknown and a forbidden id are to be the same, byte for byte.
    ...(status >= 500 && { correlationId }),
  };
  return { status, headers: headersOf(status, retryAfterMs), body };
}

/** Whether it is a bug, to be logged with its stack. */
export function isBug(thrown: unknown): boolean {
  return !(thrown instanceof AppError);
}

function headersOf(status: number, retryAfterMs: number | undefined): Record<string, string> {
  if (status === 401) return { 'WWW-Authenticate': 'Bearer realm="oio"' };
  if (status === 503 || status === 504 || status === 429)
    return { 'Retry-After': String(Math.max(1, Math.ceil((retryAfterMs ?? 1_000) / 1_000))) };
  return {};
}

function shortViolation({ field, code, message }: Violation): Violation {
  return { field: shortened(field, LONGEST.field), code, message: shortened(message, LONGEST.message) };
}

function shortened(value: string, max: number): string {
  return value.length <= max ? value : `${value.slice(0, max - 1).toWellFormed()}…`;
}
