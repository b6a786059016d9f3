import { type ModelUsage, type Priority, type SessionType, STATUSES, type Status } from '@oio/contracts';
import { FAILURES } from '@oio/domain';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { LabelsOf } from './total-definitions.ts';
import { Totals } from './totals.ts';
import { totalsText } from './totals-text.ts';

/** Combinations of tenant and model that have numbers of their own: seven time series each. Both are named by strangers. */
const USERS = 200;
/** What every combination beyond the bound is called. */
const OTHERS = { tenant: 'other', model: 'other' } as const;

/** Which tenant used which model. */
export type UsageLabels = LabelsOf<'model_calls_total'>;

/** Whence the content of an event came that was counted. */
export type EventSource = 'bus' | 'database';

export interface TelemetrySources {
  readonly statusCount: (status: Status) => number;
  readonly closedModels: () => number;
  /** Whether stored events are left that are not counted yet. */
  readonly isCatchingUp: () => boolean;
}

/** One function per thing that happens. Labels have few values: no ids, no free text; of tenants and models the first ones. */
export type Telemetry = ReturnType<typeof createTelemetry>;

export function createTelemetry(sources: TelemetrySources) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const totals = new Totals();
  addGauges(registry, sources);
  return {
    /** What the totals are restored into, and stored from. */
    totals,
    async exposition() {
      const own = await registry.metrics();
      // Half-counted ones would look like a restart from zero, and then like a mass of events.
      const body = sources.isCatchingUp() ? own : `${own}\n${totalsText(totals)}`;
      return { contentType: registry.contentType, body };
    },
    end: () => registry.clear(),
    ...lifecycleTotals(totals),
    ...usageTotals(totals),
    ...sourceCounter(registry),
  };
}

function addGauges(registry: Registry, { statusCount, closedModels, isCatchingUp }: TelemetrySources): void {
  const registers = [registry];
  new Gauge({
    name: 'oio_sessions',
    help: 'Sessions that are not deleted, by status.',
    labelNames: ['status'],
    registers,
    collect() {
      for (const status of STATUSES) this.set({ status }, statusCount(status));
    },
  });
  new Gauge({
    name: 'oio_closed_models',
    help: 'Models that no session is started with now, because their provider or an operator closed them.',
    registers,
    collect() {
      this.set(closedModels());
    },
  });
  new Gauge({
    name: 'oio_metrics_catching_up',
    help: '1 while the stored history is counted; the totals are not shown then. 0 once they are whole.',
    registers,
    collect() {
      this.set(Number(isCatchingUp()));
    },
  });
}

function lifecycleTotals(totals: Totals) {
  return {
    accepted: (type: SessionType, priority: Priority) => totals.add('sessions_accepted_total', { type, priority }),
    moved: (to: Status) => totals.add('session_transitions_total', { to }),
    retried: (trigger: 'automatic' | 'manual') => totals.add('session_retries_total', { trigger }),
    failed: (code: string) => totals.add('session_failures_total', { code: code in FAILURES ? code : 'other' }),
    waited: (priority: Priority, seconds: number) =>
      totals.observe('session_queue_wait_seconds', { priority }, seconds),
    executed: (outcome: Status, seconds: number) => totals.observe('session_execution_seconds', { outcome }, seconds),
    stepFinished: () => totals.add('session_steps_total', {}),
    checkpointMade: (origin: string) => totals.add('session_checkpoints_total', { origin }),
    warned: () => totals.add('session_warnings_total', {}),
  };
}

function usageTotals(totals: Totals) {
  return {
    used({ tokens, costUsd, apiCalls, apiErrors }: ModelUsage, user: UsageLabels): void {
      const labels = totals.withinBound('model_calls_total', user, USERS) ?? OTHERS;
      totals.add('model_calls_total', labels, apiCalls);
      totals.add('model_call_errors_total', labels, apiErrors);
      totals.add('cost_usd_total', labels, costUsd);
      for (const [kind, number] of Object.entries(tokens)) totals.add('tokens_total', { ...labels, kind }, number);
    },
    refused: (user: UsageLabels) =>
      totals.add('quota_refusals_total', totals.withinBound('quota_refusals_total', user, USERS) ?? OTHERS),
  };
}

function sourceCounter(registry: Registry) {
  const events = new Counter({
    name: 'oio_metrics_events_total',
    help: 'Events that this instance has counted, by whence it had them.',
    labelNames: ['source'],
    registers: [registry],
  });
  return { counted: (source: EventSource, number: number) => events.inc({ source }, number) };
}
