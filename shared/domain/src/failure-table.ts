/** When and how often a failure is followed by another attempt, without anybody asking for it. */
export interface RetryRule {
  /** The pause before the first retry of a session, in milliseconds. */
  readonly firstMs: number;
  /** From one pause to the next. */
  readonly factor: number;
  readonly longestMs: number;
  /** The share by which a pause is made shorter or longer by chance. */
  readonly jitter: number;
  /** Not any more once the session has been retried this often, for whatever reason. The operator's limit counts as well. */
  readonly limit: number;
}

export interface FailureKind {
  /** What happened, in words. */
  readonly meaning: string;
  /** `never`: it cannot get better by itself. `passes`: it impairs a session and never ends one. */
  readonly retry: RetryRule | 'never' | 'passes';
  /** What the user should do. */
  readonly advice: string;
}

/**
 * Every reason why a session does not do or end well. A failure carries one of these codes wherever the session is shown.
 * Also as `docs/reason-codes.md` and at `/v1/reason-codes`.
 */
export const FAILURES = {
  provider_auth: {
    meaning: 'The model provider refused the credentials.',
    retry: 'never',
    advice: 'Check the credentials of the provider on the OpenCode server; then retry it.',
  },
  provider_rejected: {
    meaning: 'The model provider refused the request.',
    retry: 'never',
    advice: 'Read the message; submit it again with another model or prompt.',
  },
  provider_quota: {
    meaning: 'The quota at the model provider is used up.',
    retry: 'never',
    advice: 'Raise the quota, or use another model; then retry it.',
  },
  provider_unavailable: {
    meaning: 'The model provider failed again and again.',
    retry: { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 5 },
    advice: 'If its retries do not help, look at the status of the provider; then retry it.',
  },
  provider_timeout: {
    meaning: 'The model provider did not answer in time.',
    retry: { firstMs: 5_000, factor: 2, longestMs: 120_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, look at the status of the provider; then retry it.',
  },
  provider_garbled: {
    meaning: 'The answer of the model provider broke off or could not be read.',
    retry: { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, look at the provider or the proxy in front of it; then retry it.',
  },
  rate_limited: {
    meaning: 'The model provider limits the rate.',
    retry: { firstMs: 10_000, factor: 2, longestMs: 300_000, jitter: 0.5, limit: 5 },
    advice:
      'If its retries do not help, run fewer sessions at once on this model, or have the provider raise the limit.',
  },
  retry_wait_too_long: {
    meaning: 'The model provider wants to be asked again much later only.',
    retry: { firstMs: 60_000, factor: 2, longestMs: 3_600_000, jitter: 0.2, limit: 3 },
    advice:
      'It is retried when the provider allows it, if that is within a day, and others with the model wait as well (oio quotas); else submit it again with another model.',
  },
  model_not_found: {
    meaning: 'The OpenCode server does not know the model.',
    retry: 'never',
    advice: 'Submit it again with a model that the server knows, or have the server know it and retry it.',
  },
  agent_not_found: {
    meaning: 'The OpenCode server does not know the agent.',
    retry: 'never',
    advice: 'Submit it again with an agent that the server knows, or have the server know it and retry it.',
  },
  context_overflow: {
    meaning: 'The conversation no longer fits into the context of the model.',
    retry: 'never',
    advice: 'Split the task, or submit it again with a model that has a larger context.',
  },
  content_filtered: {
    meaning: 'The provider filtered the content.',
    retry: 'never',
    advice: 'Submit it again with another prompt.',
  },
  output_truncated: {
    meaning: 'The answer was cut off at the length limit of the model.',
    retry: 'never',
    advice: 'Retry it to let it go on, or split the task.',
  },
  empty_answers: {
    meaning: 'The model gave empty answers in a row.',
    retry: { firstMs: 5_000, factor: 3, longestMs: 60_000, jitter: 0.2, limit: 2 },
    advice: 'If its retries do not help, submit it again with another model.',
  },
  no_first_token: {
    meaning: 'The model did not begin to answer.',
    retry: { firstMs: 5_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 2 },
    advice:
      'If its retries do not help, submit it again with another model, or allow more time (OPENCODE_FIRST_TOKEN_SECONDS).',
  },
  tokens_stalled: {
    meaning: 'The model stopped in the middle of its answer.',
    retry: { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, submit it again with another model.',
  },
  tool_stalled: {
    meaning: 'A tool ran on without any sign of life.',
    retry: { firstMs: 5_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 1 },
    advice:
      'If its retry does not help, submit it again and tell the agent not to start what does not end, or allow more time (OPENCODE_TOOL_SECONDS).',
  },
  turn_too_long: {
    meaning: 'The turn took longer than a turn may take.',
    retry: 'never',
    advice: 'Retry it to let it go on, split the task, or allow more time (OPENCODE_TURN_SECONDS).',
  },
  too_many_steps: {
    meaning: 'The turn took more steps than are allowed.',
    retry: 'never',
    advice: 'Retry it to let it go on, split the task, or allow more steps (OPENCODE_MAX_STEPS).',
  },
  no_progress: {
    meaning: 'It could not be told for too long whether the turn is alive, and nothing moved.',
    retry: { firstMs: 10_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 2 },
    advice: 'If its retries do not help, find out what holds up the event stream of the OpenCode server.',
  },
  permission_rejected: {
    meaning: 'The agent needed a permission that was not given.',
    retry: 'never',
    advice:
      'Submit it again with a rule that allows it or has people asked (permissions), or with a prompt that does without it.',
  },
  question_unanswered: {
    meaning: 'The agent asked a question that nobody answered.',
    retry: 'never',
    advice: 'Submit it again with the answer in the prompt, or with a rule that has people asked (permissions).',
  },
  turn_aborted: {
    meaning: 'Somebody else aborted the turn on the OpenCode server.',
    retry: 'never',
    advice: 'Find out who else uses the OpenCode server; then retry it.',
  },
  turn_interrupted: {
    meaning: 'The turn broke off and could not be resumed.',
    retry: { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, read the log of the OpenCode server.',
  },
  conversation_lost: {
    meaning: 'The OpenCode server no longer knows the conversation.',
    retry: { firstMs: 2_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 2 },
    advice:
      'It goes on in a new conversation when it is retried; find out who deletes sessions on the OpenCode server.',
  },
  prompt_rejected: {
    meaning: 'The OpenCode server took the prompt and never ran it.',
    retry: { firstMs: 5_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, read the log of the OpenCode server.',
  },
  server_unreachable: {
    meaning: 'The OpenCode server could not be reached for too long.',
    retry: { firstMs: 15_000, factor: 2, longestMs: 300_000, jitter: 0.2, limit: 5 },
    advice: 'If its retries do not help, look at the server (oio servers list); then retry it.',
  },
  server_error: {
    meaning: 'The OpenCode server failed.',
    retry: { firstMs: 5_000, factor: 2, longestMs: 60_000, jitter: 0.2, limit: 3 },
    advice: 'If its retries do not help, read the log of the OpenCode server.',
  },
  server_refused: {
    meaning: 'The OpenCode server refused the credentials of the orchestrator.',
    retry: 'never',
    advice: 'Register the server again with its present password; then retry it.',
  },
  server_incompatible: {
    meaning: 'The OpenCode server did not understand a request.',
    retry: 'never',
    advice: 'Use the version of OpenCode that this version of the orchestrator brings along.',
  },
  directory_invalid: {
    meaning: 'The directory is not what it was when the session was accepted.',
    retry: 'never',
    advice: 'Restore it and retry it, or submit it again.',
  },
  workspace_failed: {
    meaning: 'The git worktree could not be made or committed.',
    retry: 'never',
    advice: 'Mend what git says in the message; then retry it, or submit it again.',
  },
  stop_unconfirmed: {
    meaning: 'It could not be shown in time that nothing of the turn works any more.',
    retry: { firstMs: 30_000, factor: 2, longestMs: 300_000, jitter: 0.2, limit: 3 },
    advice:
      'Its OpenCode server takes no new turns until that is settled: a managed one is started anew, look at a registered one. It can be retried then.',
  },
  queue_timeout: {
    meaning: 'It waited for a slot longer than queueTimeoutSeconds.',
    retry: 'never',
    advice: 'Submit it again at a better time, with a higher priority, or with more time to wait.',
  },
  time_exceeded: {
    meaning: 'It ran longer than maxDurationSeconds.',
    retry: 'never',
    advice: 'Retry it to let it go on for as long again, or submit it with more time (maxDurationSeconds).',
  },
  memory_limit_exceeded: {
    meaning: 'The agent and its tools wanted more memory than the session may have.',
    retry: 'never',
    advice: 'Submit it with a higher memoryLimitMb: the OpenCode server alone takes 350 to 800 MB of it.',
  },
  limit_unenforceable: {
    meaning: 'A limit of CPU or memory cannot be enforced where the session was to run.',
    retry: 'never',
    advice: 'Give the opencode-gateway a cgroup of its own (OPENCODE_CGROUP), or submit it without the limit.',
  },
  stopped_by_user: {
    meaning: 'Somebody stopped it.',
    retry: 'never',
    advice: 'Retry it to let it go on.',
  },
  cancelled_by_user: {
    meaning: 'Somebody cancelled it.',
    retry: 'never',
    advice: 'Submit it again if it is still wanted.',
  },
  prompt_removed: {
    meaning: 'A further prompt was taken out of the queue of its session before its turn came.',
    retry: 'never',
    advice: 'Send it again if it is still wanted.',
  },
  prompt_not_reached: {
    meaning: 'The session ended before the turn of a further prompt came.',
    retry: 'never',
    advice: 'Retry the session, or fork it, and send the prompt again.',
  },
  dependency_failed: {
    meaning: 'A session that it depends on did not succeed.',
    retry: 'never',
    advice: 'Retry that one, then submit this one again.',
  },
  superseded: {
    meaning: 'A newer session with the same concurrency key took its place.',
    retry: 'never',
    advice: 'Nothing; the newer one does the work.',
  },
  parent_ended: {
    meaning: 'The parent session has ended.',
    retry: 'never',
    advice: 'Submit it again, on its own or under a living parent.',
  },
  api_error_rate: {
    meaning: 'More than a tenth of the calls to the model provider failed.',
    retry: 'passes',
    advice: 'Nothing; if it persists, look at the status of the provider.',
  },
  liveness_unknown: {
    meaning: 'It cannot be told at the moment whether the turn is alive.',
    retry: 'passes',
    advice: 'Nothing; it is decided when the OpenCode server can be heard again.',
  },
  internal: {
    meaning: 'A defect of the orchestrator.',
    retry: 'never',
    advice: 'Report it with the log of the service.',
  },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;
