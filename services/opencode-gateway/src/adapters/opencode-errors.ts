import {
  type AppError,
  CancelledError,
  ConflictError,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TimeoutError,
  UnavailableError,
} from '@oio/errors';

/** The error that an HTTP status other than 2xx stands for. `said` is a short extract of the answer, safe to show. */
export function errorOfStatus(status: number, said: string, headers: WaitHeaders): AppError {
  const facts = { status, said };
  if (status === 401 || status === 403) {
    return new ForbiddenError('The OpenCode server refused the password.', { code: 'refused_credentials', facts });
  }
  if (status === 404) return new NotFoundError(`OpenCode does not know this: ${said}`, { code: 'not_found', facts });
  if (status === 409) return new ConflictError(`OpenCode is busy with it: ${said}`, { code: 'session_busy', facts });
  if (status === 429) {
    const retryAfterMs = retryAfterMsOf(headers);
    return new UnavailableError('OpenCode asks to slow down.', {
      code: 'rate_limited',
      facts,
      ...(retryAfterMs !== null && { retryAfterMs }),
    });
  }
  if (status >= 400 && status < 500) {
    return new InvalidError(`OpenCode refused the request (${status}): ${said}`, { code: 'bad_request', facts });
  }
  return serverError(`OpenCode failed (${status}): ${said}`, { facts });
}

/** The server answered, but not as an OpenCode server in order does. */
export function serverError(
  message: string,
  details: { cause?: unknown; facts?: Record<string, unknown> } = {},
): AppError {
  return new UnavailableError(message, { code: 'server_error', ...details });
}

/** The error that a failed connection or a missing answer stands for. */
export function errorOfTransport(cause: unknown): AppError {
  const code = codeOf(cause);
  if (TIMEOUTS.has(code)) return new TimeoutError('OpenCode did not answer in time.', { code: 'timeout', cause });
  if (code === 'AbortError') return new CancelledError('The call to OpenCode was given up.', { cause });
  return new UnavailableError(`OpenCode cannot be reached (${code}).`, { code: 'connection', cause });
}

/** What a server says of when it may be asked again, and of the time that it is there. */
export interface WaitHeaders {
  readonly 'retry-after'?: Header;
  readonly date?: Header;
}
type Header = string | readonly string[] | undefined;

/** `Retry-After` in seconds or as a date, as milliseconds from now; a date by the clock of whoever has named it, if it tells. */
export function retryAfterMsOf({ 'retry-after': retryAfter, date }: WaitHeaders): number | null {
  const header = firstOf(retryAfter);
  if (header === '') return null;
  const seconds = Number(header);
  const saidAtMs = Date.parse(firstOf(date)) || Date.now();
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - saidAtMs;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : null;
}

function firstOf(header: Header): string {
  return [header].flat()[0] ?? '';
}

const TIMEOUTS = new Set([
  'TimeoutError',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
]);

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  const code: unknown = Reflect.get(cause, 'code');
  return typeof code === 'string' && code !== '' && code !== 'UND_ERR_ABORTED' ? code : cause.name;
}
