import { UnavailableError } from '@oio/errors';

/** Classes of SQLSTATE that pass by themselves: connection, resources, intervention by an operator (time-outs too). */
const PASSING = new Set(['08', '53', '57', '40']);

/** Runs a query; when the database cannot be asked at the moment, throws `UnavailableError` instead of what the driver has. */
export async function asking<T>(query: () => Promise<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    if (!passes(error)) throw error;
    throw new UnavailableError('The database does not answer at the moment.', {
      code: 'database_unavailable',
      cause: error,
      retryAfterMs: 1_000,
    });
  }
}

/** Errors with a SQLSTATE of another class are bugs of a statement; all others come from the connection. */
function passes(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return PASSING.has(code.slice(0, 2));
  }
  return true;
}
