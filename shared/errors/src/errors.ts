/** One violated rule of an input: where it is, a stable code, and a sentence that says what was expected and what came. */
export interface Violation {
  /** Path of the field, dotted: `agentConfig.my agent.model`. Empty for the input as a whole. */
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

export interface ErrorDetails {
  readonly code?: string;
  readonly cause?: unknown;
  /** Violated fields of an input, for `InvalidError`. */
  readonly violations?: readonly Violation[];
  /** Further facts for the reader, safe to show: states, ids, limits. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** When trying again may help, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * An expected failure: it has a stable `code`, says whether trying again helps, and its message is meant for the reader.
 * Anything else that is thrown is a bug and is answered as `internal`, its message hidden.
 */
export abstract class AppError extends Error {
  abstract readonly kind: ErrorKind;
  readonly code: string;
  readonly violations: readonly Violation[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: ErrorDetails & { readonly code: string }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.violations = details.violations ?? [];
    this.facts = details.facts ?? {};
    this.retryAfterMs = details.retryAfterMs;
    this.name = new.target.name;
  }

  /** Whether the same request may succeed later without being changed. */
  get retryable(): boolean {
    return RETRYABLE.has(this.kind);
  }
}

export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'unavailable'
  | 'timeout'
  | 'cancelled';

const RETRYABLE: ReadonlySet<ErrorKind> = new Set(['unavailable', 'timeout']);

/** The input breaks a rule; every violated field is named. Trying again unchanged never helps. */
export class InvalidError extends AppError {
  readonly kind = 'invalid';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'invalid', ...details });
  }
}

/** No valid credentials came with the request. */
export class UnauthenticatedError extends AppError {
  readonly kind = 'unauthenticated';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'unauthenticated', ...details });
  }
}

/** The credentials are valid and do not allow this. */
export class ForbiddenError extends AppError {
  readonly kind = 'forbidden';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'forbidden', ...details });
  }
}

/** Nothing of that name is visible to the caller. */
export class NotFoundError extends AppError {
  readonly kind = 'not_found';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'not_found', ...details });
  }
}

/** The request is sound, but the present state does not allow it. */
export class ConflictError extends AppError {
  readonly kind = 'conflict';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'conflict', ...details });
  }
}

/** Something that is needed does not work at the moment; trying again later may help. */
export class UnavailableError extends AppError {
  readonly kind = 'unavailable';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'unavailable', ...details });
  }
}

/** No answer came in time. The request may have taken effect: repeat it with the same command id. */
export class TimeoutError extends AppError {
  readonly kind = 'timeout';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'timeout', ...details });
  }
}

/** The work was given up because somebody asked for it, or because the process is stopping. */
export class CancelledError extends AppError {
  readonly kind = 'cancelled';
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, { code: 'cancelled', ...details });
  }
}
