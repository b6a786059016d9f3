/** In seconds: a free slot should be given in milliseconds; a full house may keep a session waiting for hours. */
const WAIT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900, 3_600, 14_400];
/** In seconds: from a turn of one answer to the longest that is allowed. */
const EXECUTION_BUCKETS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

/** Which meaning the stored totals have: to be raised with every change of what is counted, or how. Then the history is counted anew. */
export const COUNTED_AS = 1;

/** What is counted of the whole history, by name, without the `oio_` in front. Those with buckets are histograms. */
export const TOTALS = {
  sessions_accepted_total: { help: 'Sessions that were accepted.', labels: ['type', 'priority'] },
  session_transitions_total: { help: 'Changes of status, by the new one.', labels: ['to'] },
  session_retries_total: { help: 'New attempts after one that did not end well.', labels: ['trigger'] },
  session_failures_total: {
    help: 'Sessions that did not end well, by the code of the reason.',
    labels: ['code'],
  },
  session_queue_wait_seconds: {
    help: 'From wanting a slot to running.',
    labels: ['priority'],
    buckets: WAIT_BUCKETS,
  },
  session_execution_seconds: {
    help: 'Time at work of an attempt that has ended, by how the session ended.',
    labels: ['outcome'],
    buckets: EXECUTION_BUCKETS,
  },
  session_steps_total: { help: 'Finished steps of agents.', labels: [] },
  tokens_total: { help: 'Tokens that the models used.', labels: ['tenant', 'model', 'kind'] },
  cost_usd_total: { help: 'What the models cost, in US dollars, as OpenCode reports it.', labels: ['tenant', 'model'] },
  model_calls_total: { help: 'Calls of models that were answered or refused.', labels: ['tenant', 'model'] },
  model_call_errors_total: { help: 'Calls of models that failed.', labels: ['tenant', 'model'] },
  quota_refusals_total: {
    help: 'Refusals of a model with a time from which on it may be asked again.',
    labels: ['tenant', 'model'],
  },
  session_checkpoints_total: { help: 'Checkpoints, by what made them.', labels: ['origin'] },
  session_warnings_total: { help: 'Warnings that sessions raised.', labels: [] },
} as const satisfies Record<string, TotalDefinition>;

export interface TotalDefinition {
  readonly help: string;
  readonly labels: readonly string[];
  /** The upper bounds, in ascending order. */
  readonly buckets?: readonly number[];
}

export type TotalName = keyof typeof TOTALS;
export type HistogramName = {
  [N in TotalName]: (typeof TOTALS)[N] extends { readonly buckets: unknown } ? N : never;
}[TotalName];
export type CounterName = Exclude<TotalName, HistogramName>;
export type LabelsOf<N extends TotalName> = Readonly<Record<(typeof TOTALS)[N]['labels'][number], string>>;
