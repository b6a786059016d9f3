import type { Pool, PoolClient } from 'pg';
import type { Query } from './database.ts';
import { connectionOf, failed } from './run-query.ts';

/** Runs the statements of a task on one connection, in one transaction. They are taken back when one is refused. */
export async function runTransaction<T>(pool: Pool, task: (query: Query) => Promise<T>): Promise<T> {
  const connection = await connectionOf(pool);
  try {
    await connection.query('begin');
    const result = await task(queryOn(connection));
    await connection.query('commit');
    connection.release();
    return result;
  } catch (error) {
    // What is left open ends with its connection.
    connection.release(true);
    throw failed(error);
  }
}

function queryOn(connection: PoolClient): Query {
  return async <Row>(text: string, parameters: readonly unknown[] = []) => {
    const { rows } = await connection.query({ text, values: [...parameters] });
    return rows as Row[];
  };
}
