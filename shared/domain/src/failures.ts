import type { Failure } from '@oio/contracts';

interface FailureKind {
  /** What happened, in words. */
  readonly meaning: string;
  /** Known to pass by itself: retried automatically. */
  readonly transient: boolean;
  /** What the user should do. */
  readonly advice: string;
}

/** Every reason why a session does not end well. A failure carries one of these codes wherever the session is shown. */
export const FAILURES = {
  provider_auth: {
    meaning: 'The model provider refused the credentials.',
    transient: false,
    advice: 'Check the provider credentials of the OpenCode server.',
  },
  provider_rejected: {
    meaning: 'The model provider refused the request.',
    transient: false,
    advice: 'Read the message; change the model or the prompt.',
  },
  provider_unavailable: {
    meaning: 'The model provider failed again and again.',
    transient: true,
    advice: 'It is retried; look at the status of the provider.',
  },
  provider_garbled: {
    meaning: 'The answer of the model provider broke off or could not be read.',
    transient: true,
    advice: 'It is retried; if it persists, look at the provider or the proxy in front of it.',
  },
  rate_limited: {
    meaning: 'The model provider limits the rate.',
    transient: true,
    advice: 'It is retried; run fewer sessions at once on this model.',
  },
  model_not_found: {
    meaning: 'The OpenCode server does not know the model.',
    transient: false,
    advice: 'Name a model that the server knows.',
  },
  agent_not_found: {
    meaning: 'The OpenCode server does not know the agent.',
    transient: false,
    advice: 'Name an agent that the server knows.',
  },
  context_overflow: {
    meaning: 'The conversation no longer fits into the context of the model.',
    transient: false,
    advice: 'Split the task, or use a model with a larger context.',
  },
  content_filtered: { meaning: 'The provider filtered the content.', transient: false, advice: 'Change the prompt.' },
  output_truncated: {
    meaning: 'The answer was cut off at the length limit of the model.',
    transient: false,
    advice: 'Retry it to let it go on, or split the task.',
  },
  empty_answers: {
    meaning: 'The model gave empty answers in a row.',
    transient: true,
    advice: 'It is retried; if it persists, use another model.',
  },
  permission_rejected: {
    meaning: 'The agent needed a permission that was not given.',
    transient: false,
    advice: 'Allow it, or change the prompt so that it is not needed.',
  },
  turn_aborted: {
    meaning: 'Somebody else aborted the turn on the OpenCode server.',
    transient: false,
    advice: 'Retry it.',
  },
  turn_interrupted: {
    meaning: 'The turn broke off and could not be resumed.',
    transient: true,
    advice: 'It is retried from the last checkpoint.',
  },
  prompt_rejected: {
    meaning: 'The OpenCode server took the prompt and never ran it.',
    transient: true,
    advice: 'It is retried; read the log of the server if it persists.',
  },
  no_progress: {
    meaning: 'Nothing moved in the turn for too long.',
    transient: true,
    advice: 'It is retried from the last checkpoint.',
  },
  too_many_steps: {
    meaning: 'The turn took more steps than are allowed.',
    transient: false,
    advice: 'Split the task, or retry it to let it go on.',
  },
  server_unreachable: {
    meaning: 'The OpenCode server could not be reached for too long.',
    transient: true,
    advice: 'It is retried; look at the server.',
  },
  server_error: {
    meaning: 'The OpenCode server failed.',
    transient: true,
    advice: 'It is retried; read the log of the server if it persists.',
  },
  directory_invalid: {
    meaning: 'The directory is not what it was when the session was accepted.',
    transient: false,
    advice: 'Restore it, or submit a new session.',
  },
  workspace_failed: {
    meaning: 'The git worktree could not be made or committed.',
    transient: false,
    advice: 'Read the message of git.',
  },
  time_exceeded: {
    meaning: 'It ran longer than maxDurationSeconds.',
    transient: false,
    advice: 'Retry it to let it go on, or allow more time.',
  },
  stopped_by_user: { meaning: 'Somebody stopped it.', transient: false, advice: 'Retry it to let it go on.' },
  cancelled_by_user: {
    meaning: 'Somebody cancelled it.',
    transient: false,
    advice: 'Submit it again if it is still wanted.',
  },
  parent_ended: {
    meaning: 'The parent session has ended.',
    transient: false,
    advice: 'Submit it again, on its own or under a living parent.',
  },
  api_error_rate: {
    meaning: 'More than a tenth of the calls to the model provider failed.',
    transient: true,
    advice: 'Nothing; if it persists, look at the status of the provider.',
  },
  execution_lost: {
    meaning: 'Its execution can no longer be found anywhere.',
    transient: false,
    advice: 'Submit it again if it is still wanted.',
  },
  internal: {
    meaning: 'A defect of the orchestrator.',
    transient: false,
    advice: 'Report it with the log of the service.',
  },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;

/** A failure of a known kind; `message` says what came, the table says the rest. */
export function failureOf(code: FailureCode, message?: string, context?: Failure['context']): Failure {
  const kind = FAILURES[code];
  return { code, message: message || kind.meaning, transient: kind.transient, ...(context && { context }) };
}
