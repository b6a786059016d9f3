import { UnavailableError } from '@oio/errors';
import type { Pool, PoolClient } from 'pg';
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
  const connection = await connectionOf(pool);
  try {
    const { rows } = await connection.query({ text, values: [...parameters], ...(prepared && { name: prepared }) });
    connection.release();
    return rows as Row[];
  } catch (error) {
    connection.release(isUnavailability(error));
    throw failed(error);
  }
}

/** Throws `UnavailableError` when none is to be had. */
export function connectionOf(pool: Pool): Promise<PoolClient> {
  return pool.connect().catch((error: unknown) => {
    throw unavailable(error);
  });
}

/** What is thrown for an error of a statement: what the server has against it, or that the server does not answer. */
export function failed(error: unknown): unknown {
  return isUnavailability(error) ? unavailable(error) : error;
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
