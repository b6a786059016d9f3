import type { Failure } from '@oio/contracts';
import type { RetryRule } from './failure-table.ts';
import { kindOf } from './failures.ts';
import type { SessionSnapshot } from './snapshot.ts';

const RECOVERABLE = new Set(['failed', 'timeout', 'stopped']);

/** A wait that a provider asks for is kept; for a longer one nobody is made to wait: it is left to people. */
export const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** For a passing failure with a code that only another version of the product knows. */
const OTHERWISE: RetryRule = { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 };

/** Whether `retry` may start a new attempt from the latest checkpoint. Source: the domain specification, section 3.2. */
export function isRecoverable(snapshot: SessionSnapshot): boolean {
  return RECOVERABLE.has(snapshot.status) && snapshot.deletedAt === null && mayRetry(snapshot);
}

/** Whether an attempt of it could be followed by another one, if it failed now. */
export function mayRetry(snapshot: SessionSnapshot): boolean {
  return snapshot.checkpoints.count > 0 && snapshot.retries < snapshot.policy.maxRetries;
}

/** What decides, beside the reason, whether and when a session is retried by itself. */
export interface RetryFacts {
  /** How often the session has been retried so far. */
  readonly retries: number;
  /** How often the operator allows it. */
  readonly maxRetries: number;
  /** For how long the provider asked not to be bothered. */
  readonly retryAfterMs: number | null;
  /** In [0, 1). */
  readonly random: number;
}

/** The pause after which a session is retried by itself, in milliseconds, as the table of failures has it; null: it is not. */
export function automaticRetryMs(failure: Failure, facts: RetryFacts): number | null {
  const rule = ruleOf(failure);
  const { retries, maxRetries, retryAfterMs, random } = facts;
  if (!rule || retries >= Math.min(rule.limit, maxRetries)) return null;
  if ((retryAfterMs ?? 0) > LONGEST_RETRY_AFTER_MS) return null;
  // Sessions with the same model are kept from starting until then, and let through one by one after it.
  if (failure.quota && retryAfterMs !== null) return Math.round(retryAfterMs);
  return Math.max(retryDelayMs(rule, retries, random), retryAfterMs ?? 0);
}

/** Exponential back-off with jitter, in milliseconds. `random` is in [0, 1). */
export function retryDelayMs(
  { firstMs, factor, longestMs, jitter }: RetryRule,
  retries: number,
  random: number,
): number {
  const base = Math.min(longestMs, firstMs * factor ** retries);
  return Math.round(base * (1 - jitter + 2 * jitter * random));
}

function ruleOf({ code, transient }: Failure): RetryRule | null {
  const retry = kindOf(code)?.retry ?? (transient ? OTHERWISE : 'never');
  return typeof retry === 'string' ? null : retry;
}
