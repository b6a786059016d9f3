import type { Failure } from '@oio/contracts';
import { FAILURES, type FailureCode, failureOf } from '@oio/domain';
import type { AgentError } from '../ports.ts';

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

/** The failure of a turn whose provider makes OpenCode wait longer than we are willing to. */
export function failureOfWaiting(message: string, waitMs: number): TurnFailure {
  const said = codeOfWords(message);
  const code = said !== null && WAITABLE.has(said) ? said : 'provider_unavailable';
  const text = `The provider makes us wait for ${Math.ceil(waitMs / 1000)} s: ${message}`;
  return { failure: failureOf(code, text), retryAfterMs: FAILURES[code].transient ? waitMs : null };
}

const WAITABLE: ReadonlySet<FailureCode> = new Set(['rate_limited', 'provider_rejected', 'provider_unavailable']);

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
  if (statusCode === null || statusCode >= 500) return 'provider_unavailable';
  const said = `${message} ${detail}`;
  const telling = TELLING.find(([words]) => words.test(said));
  return telling?.[1] ?? BY_STATUS.get(statusCode) ?? 'provider_rejected';
}

const BY_STATUS: ReadonlyMap<number, FailureCode> = new Map([
  [401, 'provider_auth'],
  [403, 'provider_auth'],
  [404, 'model_not_found'],
  [408, 'provider_unavailable'],
  [413, 'context_overflow'],
  [429, 'rate_limited'],
]);

/** OpenCode's `UnknownError` tells its reason in words only. */
function codeOfWords(said: string): FailureCode | null {
  return BY_WORDS.find(([words]) => words.test(said))?.[1] ?? null;
}

type Words = readonly (readonly [RegExp, FailureCode])[];

const TELLING: Words = [
  [/insufficient_quota|exceeded your current quota|billing|credit balance/i, 'provider_rejected'],
  [/model not found|model_not_found|model[^.]{0,80}(not found|does not exist|not supported)/i, 'model_not_found'],
  [/context[_ ]length|maximum context|too many tokens|prompt is too long/i, 'context_overflow'],
];

const BY_WORDS: Words = [
  ...TELLING,
  [/^Agent not found/i, 'agent_not_found'],
  [/rate.?limit|too many requests|\b429\b/i, 'rate_limited'],
  [/JSON parsing failed|invalid json/i, 'provider_garbled'],
  [/cannot connect|connection|timed out|overloaded|socket|unavailable/i, 'provider_unavailable'],
];
