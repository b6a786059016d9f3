import { UnavailableError } from '@oio/errors';
import { sqlStateOf } from './sql-state.ts';

/** `timeout`: a statement, or the wait for a connection, took too long. `conflict`: a constraint, a deadlock. `statement`: any other. */
const KINDS = ['unavailable', 'timeout', 'conflict', 'statement'] as const;
type ErrorKind = (typeof KINDS)[number];

/** What went wrong with statements since the start, by kind. */
export interface ErrorCount {
  add(error: unknown): void;
  /** Like `errors_timeout_total`. */
  figures(): Record<string, number>;
}

/** Counts from nought on. */
export function createErrorCount(): ErrorCount {
  const counts = new Map<ErrorKind, number>(KINDS.map((kind) => [kind, 0]));
  return {
    add(error) {
      const kind = kindOf(error);
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    figures: () => Object.fromEntries([...counts].map(([kind, count]) => [`errors_${kind}_total`, count])),
  };
}

function kindOf(error: unknown): ErrorKind {
  const isAway = error instanceof UnavailableError;
  const cause = isAway ? error.cause : error;
  const state = sqlStateOf(cause);
  if (state === STATEMENT_TIMEOUT || (state === undefined && isTimeout(cause))) return 'timeout';
  if (isAway) return 'unavailable';
  return state && CONFLICTS.has(state.slice(0, 2)) ? 'conflict' : 'statement';
}

/** Source: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const STATEMENT_TIMEOUT = '57014';
const CONFLICTS: ReadonlySet<string> = new Set(['23', '40']);

/** The driver's own limits have no class or code. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout/i.test(error.message);
}
