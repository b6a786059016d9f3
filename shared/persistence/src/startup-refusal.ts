import { EXIT_CODE, StartupError, UnavailableError } from '@oio/errors';
import { isOfTheMoment, sqlStateOf } from './sql-state.ts';

/**
 * What a server says that will say the same tomorrow: credentials, role, database, permission.
 * Source: https://www.postgresql.org/docs/18/errcodes-appendix.html
 */
const REFUSALS: Readonly<Record<string, string>> = {
  '28000': 'the server does not let this user in. Put DATABASE_URL right, or the server',
  '28P01': 'the user or the password is wrong. Put DATABASE_URL right',
  '3D000': 'there is no such database. Put DATABASE_URL right, or create it',
  '42501': 'the user may not do what is needed: it must be able to create tables there',
};

/** Why a process cannot start on this database however long it waits; null when waiting may help. */
export function refusalOf(error: unknown, url: string): StartupError | null {
  if (error instanceof StartupError) return error;
  const cause = causeOf(error);
  const sentence = REFUSALS[sqlStateOf(cause) ?? ''] ?? (isMissingPassword(cause) ? REFUSALS['28P01'] : undefined);
  if (sentence) return refusal(`${sentence}. The server said: ${messageOf(cause)}`, url, EXIT_CODE.config, cause);
  const state = sqlStateOf(cause);
  if (error instanceof UnavailableError || state === undefined || isOfTheMoment(state)) return null;
  return refusal(messageOf(cause), url, EXIT_CODE.unavailable, cause);
}

/** In words, and without the password that is in the URL. */
export function absence(error: unknown, url: string): StartupError {
  return refusal(reasonOf(error), url, EXIT_CODE.unavailable, error);
}

/** What a connection failed of, in a few words. */
export function reasonOf(error: unknown): string {
  return messageOf(causeOf(error));
}

function refusal(reason: string, url: string, exitCode: number, cause: unknown): StartupError {
  const { host, pathname } = new URL(url);
  return new StartupError(`The database at ${host}${pathname} cannot be used: ${reason}`, exitCode, { cause });
}

function causeOf(error: unknown): unknown {
  return error instanceof UnavailableError ? error.cause : error;
}

/** The server wants a password and the URL has none: the driver notices, not the server. */
function isMissingPassword(error: unknown): boolean {
  return error instanceof Error && error.message.includes('client password must be a');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: string }).code);
}
