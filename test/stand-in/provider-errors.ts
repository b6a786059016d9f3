import type { WireError } from './wire.ts';

/** Ways in which a provider fails that no status alone tells. */
export const PROVIDER_ERRORS = ['filtered', 'garbled', 'overflow', 'quota'] as const;
export type ProviderError = (typeof PROVIDER_ERRORS)[number];

const QUOTA = 'You exceeded your current quota.';
const OVERFLOW = "This model's maximum context length is 200000 tokens.";

/** As OpenCode tells and stores them. */
const WIRE: Readonly<Record<ProviderError, WireError>> = {
  filtered: {
    name: 'ContentFilterError',
    data: { message: "The response was blocked by the provider's content filter" },
  },
  garbled: { name: 'UnknownError', data: { message: 'JSON parsing failed: Text: {"choices":[{"delta":.' } },
  overflow: { name: 'ContextOverflowError', data: { message: OVERFLOW, responseBody: OVERFLOW } },
  quota: apiError(429, QUOTA),
};

/** A provider that does not answer, and how OpenCode says so. */
export class ProviderRefusal extends Error {
  readonly wire: WireError;

  constructor(wire: WireError) {
    super(wire.name);
    this.wire = wire;
  }
}

export function refusalFor({
  error,
  status,
}: {
  readonly error: ProviderError | null;
  readonly status: number | null;
}) {
  const code = status ?? 500;
  return new ProviderRefusal(error ? WIRE[error] : apiError(code, `scripted ${code}`));
}

/** What stands in the status while the provider is asked again. */
export function retryMessageFor(error: ProviderError | null): string {
  return error === 'quota' ? QUOTA : 'Provider is overloaded';
}

function apiError(statusCode: number, message: string): WireError {
  const facts = { statusCode, isRetryable: statusCode >= 500, responseHeaders: {}, responseBody: message };
  return { name: 'APIError', data: { message, ...facts } };
}
