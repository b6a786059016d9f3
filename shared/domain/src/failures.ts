import type { Failure, ReasonCode } from '@oio/contracts';
import { FAILURES, type FailureCode, type FailureKind } from './failure-table.ts';

/** A failure of a known kind; `message` says what came, the table says the rest. */
export function failureOf(code: FailureCode, message?: string, context?: Failure['context']): Failure {
  const kind = FAILURES[code];
  return {
    code,
    message: message || kind.meaning,
    transient: kind.retry !== 'never',
    ...(context && { context }),
  };
}

/** What the table says of a code; null for one that only another version of the product knows. */
export function kindOf(code: string): FailureKind | null {
  return Object.hasOwn(FAILURES, code) ? FAILURES[code as FailureCode] : null;
}

/** The table as it is shown to clients. */
export function reasonCodes(): readonly ReasonCode[] {
  return Object.entries(FAILURES).map(([code, { meaning, advice, retry }]) => ({
    code,
    meaning,
    advice,
    ends: retry !== 'passes',
    retry: typeof retry === 'string' ? null : { ...retry },
  }));
}
