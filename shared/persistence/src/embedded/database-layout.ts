import { join, resolve } from 'node:path';

/** Where things lie inside the directory of an embedded database. */
export interface DatabaseLayout {
  readonly directory: string;
  /** PostgreSQL's own directory. It appears by one rename when it is complete: if it is there, it is whole. */
  readonly data: string;
  readonly password: string;
  readonly log: string;
  readonly lock: string;
  /** Process id of the holder of the lock, for the message to whoever comes second. */
  readonly holder: string;
}

/** The layout below `directory`, which may be relative to the working directory. */
export function databaseLayout(directory: string): DatabaseLayout {
  const base = resolve(directory);
  return {
    directory: base,
    data: join(base, 'data'),
    password: join(base, 'password'),
    log: join(base, 'postgres.log'),
    lock: join(base, 'lock'),
    holder: join(base, 'lock.pid'),
  };
}
