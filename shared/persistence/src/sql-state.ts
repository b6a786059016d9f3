import { DatabaseError } from 'pg';

/** PostgreSQL's `unique_violation`. */
export const UNIQUE_VIOLATION = '23505';

/** The state that the server gives for an error, five characters; undefined for an error that is not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/**
 * Classes of states that say nothing against the statement: connection, resources, intervention, system.
 * Source: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const NOT_THE_STATEMENT = new Set(['08', '53', '57', '58']);
/** Others that pass: a server that lets nobody write, as a standby that takes over does for a while; the end of a transaction that was idle for too long; what of two that were in each other's way met one. */
const PASSING = new Set(['25006', '25P03', '40001', '40P01']);

/** Whether a state may be another one soon, with the same statement. */
export function isOfTheMoment(state: string): boolean {
  return NOT_THE_STATEMENT.has(state.slice(0, 2)) || PASSING.has(state);
}
