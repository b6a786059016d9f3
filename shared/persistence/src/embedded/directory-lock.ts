import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { EXIT_CODE, StartupError } from '@oio/errors';
import type { DatabaseLayout } from './database-layout.ts';

/**
 * Makes this process the only one that uses the directory, until disposed of. The lock is a file lock of the operating
 * system, so it ends with the process however that dies and is never stale. Node offers such locks only through SQLite.
 * Throws StartupError when another holds it.
 */
export function lockDirectory(layout: DatabaseLayout): Disposable {
  // Who may open it may lock it.
  closeSync(openSync(layout.lock, 'a', 0o600));
  const file = new DatabaseSync(layout.lock, { timeout: 0 });
  try {
    // Nothing is ever written, so there is no need for a journal beside the file.
    file.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(layout.holder, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    file.close();
    throw isBusy(error) ? alreadyInUse(layout) : error;
  }
  return { [Symbol.dispose]: () => file.close() };
}

/** SQLITE_BUSY: https://www.sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function alreadyInUse(layout: DatabaseLayout): StartupError {
  return new StartupError(
    `The database directory ${layout.directory} is already in use${byWhom(layout)}. ` +
      'Stop that orchestrator first, or give this one another directory.',
    EXIT_CODE.unavailable,
  );
}

function byWhom(layout: DatabaseLayout): string {
  try {
    return ` by process ${readFileSync(layout.holder, 'utf8').trim()}`;
  } catch {
    return '';
  }
}
