import type { Failure } from '@oio/contracts';
import { type FailureCode, failureOf } from '@oio/domain';
import { AppError } from '@oio/errors';
import type { AgentError } from '../agent-server/messages.ts';
import { isNamedByProvider, type Retry } from './quota.ts';

/** Why a turn failed, and when trying again may help, if the provider said so. */
export interface TurnFailure {
  readonly failure: Failure;
  readonly retryAfterMs: number | null;
}

/** The failure that an error of OpenCode stands for. */
export function failureOfError(error: AgentError): TurnFailure {
  const code = BY_NAME.get(error.name) ?? codeOfApiError(error) ?? codeOfWords(error.message) ?? 'server_error';
  const [firstLine = error.name] = error.message.split('\n');
  return { failure: failureOf(code, firstLine), retryAfterMs: error.retryAfterMs };
}

/**
 * The failure of a turn that OpenCode would repeat in vain, or later than we are willing to wait. A used up quota is waited for
 * only when the provider says until when.
 */
export function failureOfWaiting(retry: Retry, waitMs: number, longestMs: number): TurnFailure {
  const { message } = retry;
  const isNamed = waitMs > longestMs && isNamedByProvider(retry, waitMs);
  if (isForGood(message) && !isNamed) return { failure: failureOf('provider_quota', message), retryAfterMs: null };
  const text = `The provider makes us wait for ${Math.ceil(waitMs / 1000)} s: ${message}`;
  return { failure: failureOf('retry_wait_too_long', text), retryAfterMs: isNamed ? waitMs : null };
}

/** Whether OpenCode repeats in vain: a used up quota comes with the status of a rate limit, and no waiting helps. */
export function isForGood(message: string): boolean {
  return codeOfWords(message) === 'provider_quota';
}

/** What impairs a session while OpenCode asks the provider again by itself. */
export function failureOfRepeating(message: string): Failure {
  const said = codeOfWords(message);
  const code = said !== null && REPEATABLE.has(said) ? said : 'provider_unavailable';
  return failureOf(code, message.slice(0, 500));
}

const REPEATABLE: ReadonlySet<FailureCode> = new Set(['rate_limited', 'provider_timeout', 'provider_quota']);

/** The failure of a run whose OpenCode server refuses a call; null when it is no refusal, but a defect of ours. */
export function failureOfRefusal(error: unknown): Failure | null {
  const code = error instanceof AppError ? REFUSALS.get(error.code) : undefined;
  return code && error instanceof AppError ? failureOf(code, error.message) : null;
}

const REFUSALS: ReadonlyMap<string, FailureCode> = new Map([
  ['refused_credentials', 'server_refused'],
  ['bad_request', 'server_incompatible'],
]);

const BY_NAME: ReadonlyMap<string, FailureCode> = new Map([
  ['ProviderAuthError', 'provider_auth'],
  ['ContextOverflowError', 'context_overflow'],
  ['ContentFilterError', 'content_filtered'],
  ['MessageOutputLengthError', 'output_truncated'],
  ['StructuredOutputError', 'provider_garbled'],
]);

/** A status says less than words do: a used up quota comes as 429, an overflow as 400. */
function codeOfApiError({ name, statusCode, message, detail }: AgentError): FailureCode | null {
  if (name !== 'APIError') return null;
  if (statusCode === null || statusCode >= 500)
    return statusCode === 504 || TIMED_OUT.test(message) ? 'provider_timeout' : 'provider_unavailable';
  const said = `${message} ${detail}`;
  const telling = TELLING.find(([words]) => words.test(said));
  return telling?.[1] ?? BY_STATUS.get(statusCode) ?? 'provider_rejected';
}

const BY_STATUS: ReadonlyMap<number, FailureCode> = new Map([
  [401, 'provider_auth'],
  [403, 'provider_auth'],
  [404, 'model_not_found'],
  [408, 'provider_timeout'],
  [413, 'context_overflow'],
  [429, 'rate_limited'],
]);

/** OpenCode's `UnknownError` tells its reason in words only. */
function codeOfWords(said: string): FailureCode | null {
  return BY_WORDS.find(([words]) => words.test(said))?.[1] ?? null;
}

type Words = readonly (readonly [RegExp, FailureCode])[];

const TELLING: Words = [
  [/insufficient_quota|exceeded your current quota|billing|credit balance/i, 'provider_quota'],
  [/model not found|model_not_found|model[^.]{0,80}(not found|does not exist|not supported)/i, 'model_not_found'],
  [/context[_ ]length|maximum context|too many tokens|prompt is too long/i, 'context_overflow'],
];

const TIMED_OUT = /timed out|timeout/i;

const BY_WORDS: Words = [
  ...TELLING,
  [/^Agent not found/i, 'agent_not_found'],
  [/rate.?limit|too many requests|\b429\b/i, 'rate_limited'],
  [/JSON parsing failed|invalid json/i, 'provider_garbled'],
  [TIMED_OUT, 'provider_timeout'],
  [/cannot connect|connection|overloaded|socket|unavailable/i, 'provider_unavailable'],
];
