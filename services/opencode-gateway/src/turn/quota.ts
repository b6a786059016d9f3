import type { Failure, QuotaReset } from '@oio/contracts';
import type { Activity } from '../agent-server/events.ts';
import type { TurnMessage } from '../agent-server/messages.ts';

export type Retry = Extract<Activity, { readonly type: 'retry' }>;

/** The first pause that OpenCode makes of itself, at its longest: two seconds and a quarter more by chance. Doubled with each try. */
const FIRST_OWN_PAUSE_MS = 2_500;

/**
 * Whether the provider has named the time of the next try. OpenCode tells the time, but not whose it is: one that is longer
 * than the pause it would make itself is not its own.
 */
export function isNamedByProvider({ attempt }: Retry, waitMs: number): boolean {
  return waitMs > FIRST_OWN_PAUSE_MS * 2 ** (attempt - 1);
}

/** The model that a turn runs with, and whether the session left it to the server. */
export interface ModelInUse {
  readonly model: string;
  readonly byDefault: boolean;
}

/** What the messages say, as the server may have changed its mind since the model was chosen. */
export function modelInUse(messages: readonly TurnMessage[], chosen: ModelInUse): ModelInUse {
  const said = messages.findLast(({ role, model }) => role === 'assistant' && model !== null)?.model;
  return said ? { ...chosen, model: said } : chosen;
}

/** What a provider refuses for a time, not for good. */
const LIMITED: ReadonlySet<string> = new Set(['rate_limited', 'retry_wait_too_long', 'provider_quota']);
/** A later time is as good as this one, which can still be written. */
const LATEST_MS = Date.UTC(9_999, 0);

export interface QuotaOf extends ModelInUse {
  /** Now, by the database's clock, as what others compare the time with. */
  readonly nowMs: number;
}

/**
 * The failure with the time, by the database's clock, from which on the model may be asked again, for whoever else would ask
 * it; without one as it is.
 */
export function withQuota(failure: Failure, resetAtMs: number | null, { model, byDefault, nowMs }: QuotaOf): Failure {
  if (resetAtMs === null || !(resetAtMs > nowMs) || !LIMITED.has(failure.code)) return failure;
  const resetAt = new Date(Math.min(resetAtMs, LATEST_MS)).toISOString();
  const quota: QuotaReset = { model, resetAt, byDefault };
  return { ...failure, quota };
}
