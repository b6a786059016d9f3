import { UnavailableError } from '@oio/errors';
import type { Pool } from 'pg';
import { isOfTheMoment, sqlStateOf } from './sql-state.ts';

export interface QueryOptions {
  /** A name, one per text, under which each connection keeps the statement prepared: for what runs all the time. */
  readonly prepared?: string;
}

/**
 * Runs one statement on a connection of the pool. A connection that did not answer is thrown away, because it may still
 * be at work; one whose statement was refused is as good as new.
 */
export async function runQuery<Row>(
  pool: Pool,
  text: string,
  parameters: readonly unknown[],
  { prepared }: QueryOptions,
): Promise<Row[]> {
  const connection = await pool.connect().catch((error: unknown) => {
    throw unavailable(error);
  });
  try {
    const { rows } = await connection.query({ text, values: [...parameters], ...(prepared && { name: prepared }) });
    connection.release();
    return rows as Row[];
  } catch (error) {
    const isLost = isUnavailability(error);
    connection.release(isLost);
    throw isLost ? unavailable(error) : error;
  }
}

function unavailable(cause: unknown): UnavailableError {
  return new UnavailableError('The database does not answer at the moment.', {
    code: 'database_unavailable',
    cause,
    retryAfterMs: 1_000,
  });
}

/** Without a state the error comes from the connection, not from the server; a TypeError is a bug on our side. */
function isUnavailability(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === undefined ? !(error instanceof TypeError) : isOfTheMoment(state);
}
