import { DatabaseError } from 'pg';

/** The state that the server gives for an error, five characters; undefined for an error that is not the server's. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}
