import { UnavailableError } from '@oio/errors';

/** Classes of SQLSTATE that pass by themselves: connection, resources, intervention by an operator (time-outs too). */
const PASSING = new Set(['08', '53', '57', '40']);

/**
 * What a failed statement is to its caller: `UnavailableError` when the database could not be asked, so that trying again
 * helps; otherwise the driver's own error, which is a bug of the statement or a violated constraint.
 */
export function asUnavailable(error: unknown): unknown {
  if (!passes(error)) return error;
  return new UnavailableError('The database does not answer at the moment.', {
    code: 'database_unavailable',
    cause: error,
    retryAfterMs: 1_000,
  });
}

/** The SQLSTATE of an error or of what caused it; undefined for an error that the server did not send. */
export function sqlState(error: unknown): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    // Node's own codes have no digit: EPIPE is no state.
    if (typeof code === 'string' && /^(?=.*\d)[\dA-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}

function passes(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined || PASSING.has(state.slice(0, 2));
}
