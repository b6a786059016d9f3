import { type ModelUsage, type Priority, type SessionType, STATUSES, type Status } from '@oio/contracts';
import { FAILURES } from '@oio/domain';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { boundedLabels, type UsageLabels } from './bounded-labels.ts';

/** In seconds: a free slot should be given in milliseconds; a full house may keep a session waiting for hours. */
const WAIT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900, 3_600, 14_400];
/** In seconds: from a turn of one answer to the longest that is allowed. */
const EXECUTION_BUCKETS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** Combinations of tenant and model that have numbers of their own: seven time series each. */
const USERS = 200;

/** What became of an event that came in. */
export type EventOutcome = 'new' | 'repeated' | 'repaired' | 'gap';

/** One function per thing that happens. Labels have few values: no ids, no free text; of tenants and models the first ones. */
export type Telemetry = ReturnType<typeof createTelemetry>;

export function createTelemetry(statusCount: (status: Status) => number, closedModels: () => number) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    exposition: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    end: () => registry.clear(),
    ...lifecycleMetrics(registry, statusCount),
    ...durationMetrics(registry),
    ...workMetrics(registry),
    ...usageMetrics(registry),
    ...quotaMetrics(registry, closedModels),
    ...qualityMetrics(registry),
  };
}

function lifecycleMetrics(registry: Registry, statusCount: (status: Status) => number) {
  const accepted = counter(registry, 'sessions_accepted_total', 'Sessions that were accepted.', ['type', 'priority']);
  const transitions = counter(registry, 'session_transitions_total', 'Changes of status, by the new one.', ['to']);
  const retries = counter(registry, 'session_retries_total', 'New attempts after one that did not end well.', [
    'trigger',
  ]);
  const failures = counter(
    registry,
    'session_failures_total',
    'Sessions that did not end well, by the code of the reason.',
    ['code'],
  );
  const byStatus = new Gauge({
    name: 'oio_sessions',
    help: 'Sessions that are not deleted, by status.',
    labelNames: ['status'],
    registers: [registry],
    collect() {
      for (const status of STATUSES) this.set({ status }, statusCount(status));
    },
  });
  return {
    byStatus,
    accepted: (type: SessionType, priority: Priority) => accepted.inc({ type, priority }),
    moved: (to: Status) => transitions.inc({ to }),
    retried: (trigger: 'automatic' | 'manual') => retries.inc({ trigger }),
    failed: (code: string) => failures.inc({ code: code in FAILURES ? code : 'other' }),
  };
}

function durationMetrics(registry: Registry) {
  const wait = histogram(registry, {
    name: 'session_queue_wait_seconds',
    help: 'From wanting a slot to running.',
    labelNames: ['priority'],
    buckets: WAIT_BUCKETS,
  });
  const execution = histogram(registry, {
    name: 'session_execution_seconds',
    help: 'Time at work of an attempt that has ended, by how the session ended.',
    labelNames: ['outcome'],
    buckets: EXECUTION_BUCKETS,
  });
  return {
    waited: (priority: Priority, seconds: number) => wait.observe({ priority }, seconds),
    executed: (outcome: Status, seconds: number) => execution.observe({ outcome }, seconds),
  };
}

function workMetrics(registry: Registry) {
  const steps = counter(registry, 'session_steps_total', 'Finished steps of agents.');
  return { stepFinished: () => steps.inc() };
}

function usageMetrics(registry: Registry) {
  const by = ['tenant', 'model'] as const;
  const tokens = counter(registry, 'tokens_total', 'Tokens that the models used.', [...by, 'kind']);
  const cost = counter(registry, 'cost_usd_total', 'What the models cost, in US dollars, as OpenCode reports it.', by);
  const calls = counter(registry, 'model_calls_total', 'Calls of models that were answered or refused.', by);
  const callErrors = counter(registry, 'model_call_errors_total', 'Calls of models that failed.', by);
  const bounded = boundedLabels(USERS);
  return {
    used({ tokens: used, costUsd, apiCalls, apiErrors }: ModelUsage, user: UsageLabels): void {
      const labels = { ...bounded(user) };
      for (const [kind, number] of Object.entries(used)) tokens.inc({ ...labels, kind }, number);
      cost.inc(labels, costUsd);
      calls.inc(labels, apiCalls);
      callErrors.inc(labels, apiErrors);
    },
  };
}

function quotaMetrics(registry: Registry, closedModels: () => number) {
  const refusals = counter(
    registry,
    'quota_refusals_total',
    'Refusals of a model with a time from which on it may be asked again.',
    ['tenant', 'model'],
  );
  const closed = new Gauge({
    name: 'oio_closed_models',
    help: 'Models that no session is started with now, because their provider or an operator closed them.',
    registers: [registry],
    collect() {
      this.set(closedModels());
    },
  });
  const bounded = boundedLabels(USERS);
  return { closed, refused: (user: UsageLabels) => refusals.inc({ ...bounded(user) }) };
}

function qualityMetrics(registry: Registry) {
  const checkpoints = counter(registry, 'session_checkpoints_total', 'Checkpoints, by what made them.', ['origin']);
  const warnings = counter(registry, 'session_warnings_total', 'Warnings that sessions raised.');
  const events = counter(
    registry,
    'metrics_events_total',
    'Events that the metrics service received, by what became of them.',
    ['outcome'],
  );
  return {
    checkpointMade: (origin: string) => checkpoints.inc({ origin }),
    warned: () => warnings.inc(),
    received: (outcome: EventOutcome) => events.inc({ outcome }),
  };
}

function counter<T extends string = never>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly T[] = [],
): Counter<T> {
  return new Counter({ name: `oio_${name}`, help, labelNames, registers: [registry] });
}

interface HistogramDefinition<T extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly T[];
  readonly buckets: readonly number[];
}

function histogram<T extends string>(
  registry: Registry,
  { name, help, labelNames, buckets }: HistogramDefinition<T>,
): Histogram<T> {
  return new Histogram({ name: `oio_${name}`, help, labelNames, buckets: [...buckets], registers: [registry] });
}
