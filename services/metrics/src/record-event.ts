import type { ModelUsage, SessionEventType, StoredSessionEvent } from '@oio/contracts';
import { isTerminal, usageOfStep } from '@oio/domain';
import type { Entry } from './known-sessions.ts';
import type { Telemetry } from './telemetry.ts';

/** Puts one event, which counts, into numbers. */
export function recordEvent(telemetry: Telemetry, entry: Entry): void {
  recordFact(telemetry, entry.event);
  recordRefusal(telemetry, entry.event);
  recordMove(telemetry, entry);
  recordDurations(telemetry, entry);
}

function recordFact(telemetry: Telemetry, event: StoredSessionEvent): void {
  const record = FACTS[event.type] as ((telemetry: Telemetry, event: StoredSessionEvent) => void) | undefined;
  record?.(telemetry, event);
}

/** The events that are more than a change of status. */
const FACTS: { readonly [T in SessionEventType]?: (telemetry: Telemetry, event: StoredSessionEvent<T>) => void } = {
  'session.created': (telemetry, { data }) => telemetry.accepted(data.session.type, data.session.priority),
  'session.step-finished': (telemetry, { tenant, data: { step } }) => {
    used(telemetry, tenant, { model: step.model, ...usageOfStep(step) });
    telemetry.stepFinished();
  },
  'session.usage-counted': (telemetry, { tenant, data }) => {
    for (const call of data.calls) used(telemetry, tenant, call);
  },
  'session.checkpoint-made': (telemetry, { data }) => telemetry.checkpointMade(data.checkpoint.origin),
  'session.warning-raised': (telemetry) => telemetry.warned(),
};

function recordRefusal(telemetry: Telemetry, { tenant, data }: StoredSessionEvent): void {
  const quota = 'failure' in data ? data.failure?.quota : undefined;
  if (quota) telemetry.refused({ tenant, model: quota.model });
}

function used(telemetry: Telemetry, tenant: string, call: ModelUsage & { readonly model: string | null }): void {
  telemetry.used(call, { tenant, model: call.model ?? 'unknown' });
}

function recordMove(telemetry: Telemetry, { event }: Entry): void {
  if (!('to' in event.data)) return;
  const { from, to } = event.data;
  telemetry.moved(to);
  if ('failure' in event.data && isTerminal(to)) telemetry.failed(event.data.failure.code);
  if (to === 'queued' && from !== 'pending') telemetry.retried(event.cause.kind === 'timer' ? 'automatic' : 'manual');
}

function recordDurations(telemetry: Telemetry, { event, before, after }: Entry): void {
  const to = 'to' in event.data ? event.data.to : null;
  if (to === 'running' && before?.waiting) {
    telemetry.waited(before.waiting.priority, seconds(after.atMs - before.waiting.sinceMs));
  }
  if (to && isTerminal(to) && after.workedMs !== null) telemetry.executed(to, seconds(after.workedMs));
}

/** Never negative, also when a clock was set back. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1_000;
}
