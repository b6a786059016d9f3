import { type FailureCode, failureOf } from '@oio/domain';
import { ForbiddenError, InvalidError } from '@oio/errors';
import test from 'ava';
import type { AgentError } from '../../src/agent-server/messages.ts';
import { failureOfError, failureOfRefusal, failureOfRepeating, failureOfWaiting } from '../../src/turn/failure.ts';
import { agentError } from '../support/messages.ts';

const means = test.macro((t, error: Partial<AgentError>, code: FailureCode) => {
  const { failure } = failureOfError(agentError(error));
  t.is(failure.code, code);
  t.is(failure.transient, failureOf(code).transient);
  t.is(failure.message, (error.message ?? 'scripted').replace(/\n.*/s, ''));
});

test('refused credentials', means, { statusCode: 401 }, 'provider_auth');
test('a missing credential', means, { name: 'ProviderAuthError' }, 'provider_auth');
test('a model that the provider lacks', means, { statusCode: 404 }, 'model_not_found');
test(
  'a model that is refused by words',
  means,
  { statusCode: 400, message: 'model x is not supported' },
  'model_not_found',
);
test('a rate limit', means, { statusCode: 429 }, 'rate_limited');
test('a used up quota', means, { statusCode: 429, detail: '{"code":"insufficient_quota"}' }, 'provider_quota');
test('a server error', means, { statusCode: 503 }, 'provider_unavailable');
test(
  'a provider that took too long',
  means,
  { message: 'Provider response headers timed out after 300000ms' },
  'provider_timeout',
);
test(
  'a lost connection',
  means,
  { message: 'Cannot connect to API: The socket connection was closed' },
  'provider_unavailable',
);
test('a refused request', means, { statusCode: 400 }, 'provider_rejected');
test('a context too long, by name', means, { name: 'ContextOverflowError' }, 'context_overflow');
test('a context too long, by words', means, { statusCode: 400, detail: 'context_length_exceeded' }, 'context_overflow');
test('a content filter', means, { name: 'ContentFilterError' }, 'content_filtered');
test('an output too long', means, { name: 'MessageOutputLengthError' }, 'output_truncated');
test('a garbled answer', means, { name: 'UnknownError', message: 'JSON parsing failed: Text: {' }, 'provider_garbled');
test(
  'a model that the server lacks, with a stack behind it',
  means,
  { name: 'UnknownError', message: 'Model not found: fake/nope.\n    at <anonymous>' },
  'model_not_found',
);
test(
  'an agent that the server lacks',
  means,
  { name: 'UnknownError', message: 'Agent not found: "x"' },
  'agent_not_found',
);
test('something new', means, { name: 'NovelError', message: 'what?' }, 'server_error');

test('a rate limit says when to come back', (t) => {
  t.is(failureOfError(agentError({ statusCode: 429, retryAfterMs: 7000 })).retryAfterMs, 7000);
});

test('waiting too long has a reason of its own, but for a quota of which nobody says when it is filled', (t) => {
  const retry = (message: string) => ({ type: 'retry', attempt: 2, message, nextAtMs: 0 }) as const;
  t.like(failureOfWaiting(retry('Too Many Requests'), 3_600_000, 120_000), {
    failure: { code: 'retry_wait_too_long', transient: true },
    retryAfterMs: 3_600_000,
  });
  t.like(failureOfWaiting(retry('insufficient_quota'), 4_000, 120_000), {
    failure: { code: 'provider_quota', transient: false },
    retryAfterMs: null,
  });
  t.like(failureOfWaiting(retry('insufficient_quota'), 3_600_000, 120_000), {
    failure: { code: 'retry_wait_too_long', transient: true },
    retryAfterMs: 3_600_000,
  });
});

test('a pause of its own that is too long for us is none that the provider has named', (t) => {
  const retry = { type: 'retry', attempt: 4, message: 'Too Many Requests', nextAtMs: 0 } as const;
  t.is(failureOfWaiting(retry, 19_000, 10_000).retryAfterMs, null);
  t.is(failureOfWaiting(retry, 21_000, 10_000).retryAfterMs, 21_000);
});

test('what OpenCode repeats by itself is named by what the provider says', (t) => {
  t.is(failureOfRepeating('Too Many Requests').code, 'rate_limited');
  t.is(failureOfRepeating('Provider response headers timed out after 300000ms').code, 'provider_timeout');
  t.is(failureOfRepeating('model x is not supported').code, 'provider_unavailable');
});

test('a server that refuses us or does not understand us is no defect of ours', (t) => {
  t.is(failureOfRefusal(new ForbiddenError('No.', { code: 'refused_credentials' }))?.code, 'server_refused');
  t.is(failureOfRefusal(new InvalidError('No.', { code: 'bad_request' }))?.code, 'server_incompatible');
  t.is(failureOfRefusal(new TypeError('x is undefined')), null);
});
