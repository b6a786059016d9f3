import type { AgentError } from '../ports.ts';

/** Why a turn failed, as a stable code, and whether another attempt may do better. */
export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
}

export type FailureCode =
  | 'provider_auth'
  | 'quota_exceeded'
  | 'rate_limited'
  | 'provider_unavailable'
  | 'provider_garbled'
  | 'model_not_found'
  | 'agent_not_found'
  | 'provider_rejected'
  | 'context_overflow'
  | 'content_filtered'
  | 'output_truncated'
  | 'permission_rejected'
  | 'question_rejected'
  | 'empty_answers'
  | 'too_many_steps'
  | 'agent_error';

const TRANSIENT: ReadonlySet<FailureCode> = new Set(['rate_limited', 'provider_unavailable', 'provider_garbled']);

/** A failure of this kind; only the transient kinds are worth another attempt. */
export function failure(code: FailureCode, message: string, retryAfterMs: number | null = null): Failure {
  return { code, message, retryable: TRANSIENT.has(code), retryAfterMs };
}

/** The failure that an error of OpenCode stands for. */
export function failureOf(error: AgentError): Failure {
  const code = BY_NAME[error.name] ?? codeOfStatus(error) ?? codeOfMessage(error.message) ?? 'agent_error';
  const [firstLine = error.name] = error.message.split('\n');
  return failure(code, firstLine, error.retryAfterMs);
}

/** What a provider that makes OpenCode wait is to be called. */
export function failureOfWaiting(message: string, waitMs: number): Failure {
  const code = codeOfMessage(message) ?? 'provider_unavailable';
  const waiting = `The provider makes us wait for ${Math.ceil(waitMs / 1000)} s: ${message}`;
  return failure(TRANSIENT.has(code) || code === 'quota_exceeded' ? code : 'provider_unavailable', waiting, waitMs);
}

const BY_NAME: Readonly<Record<string, FailureCode>> = {
  ProviderAuthError: 'provider_auth',
  ContextOverflowError: 'context_overflow',
  ContentFilterError: 'content_filtered',
  MessageOutputLengthError: 'output_truncated',
  StructuredOutputError: 'provider_garbled',
};

function codeOfStatus({ name, statusCode, message, detail }: AgentError): FailureCode | null {
  const said = `${message} ${detail}`;
  if (name !== 'APIError') return null;
  if (QUOTA.test(said) || statusCode === 402) return 'quota_exceeded';
  if (statusCode === null || statusCode === 408 || statusCode >= 500) return 'provider_unavailable';
  if (statusCode === 401 || statusCode === 403) return 'provider_auth';
  if (statusCode === 404 || MODEL.test(said)) return 'model_not_found';
  if (statusCode === 429) return 'rate_limited';
  if (statusCode === 413 || OVERFLOW.test(said)) return 'context_overflow';
  return 'provider_rejected';
}

const QUOTA = /insufficient_quota|exceeded your current quota|billing|credit balance/i;
const MODEL = /model[^.]{0,80}(not found|does not exist|not supported)|model_not_found/i;
const OVERFLOW = /context[_ ]length|maximum context|too many tokens|prompt is too long/i;

/** OpenCode's `UnknownError` tells its reason in words only. */
function codeOfMessage(message: string): FailureCode | null {
  return BY_WORDS.find(([words]) => words.test(message))?.[1] ?? null;
}

const BY_WORDS: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Agent not found/i, 'agent_not_found'],
  [MODEL, 'model_not_found'],
  [/Model not found/i, 'model_not_found'],
  [QUOTA, 'quota_exceeded'],
  [/rate.?limit|too many requests|\b429\b/i, 'rate_limited'],
  [/JSON parsing failed|invalid json/i, 'provider_garbled'],
  [/cannot connect|connection|timed out|overloaded|socket|unavailable/i, 'provider_unavailable'],
];
