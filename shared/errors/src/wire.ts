import {
  AppError,
  CancelledError,
  ConflictError,
  type ErrorDetails,
  type ErrorKind,
  ForbiddenError,
  InvalidError,
  NotFoundError,
  TimeoutError,
  UnauthenticatedError,
  UnavailableError,
  type Violation,
} from './errors.ts';

/** An error as it crosses the bus: enough to be thrown again on the other side as the same kind. */
export interface WireError {
  readonly kind: ErrorKind | 'internal';
  readonly code: string;
  readonly message: string;
  readonly violations?: readonly Violation[];
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
}

/** A bug on the other side of the bus; its message stays hidden there, in that process's log. */
export class InternalError extends Error {
  readonly code = 'internal';
  override readonly name = 'InternalError';
}

/** What may be told of any thrown value. A bug becomes `internal`, without its message. */
export function toWireError(thrown: unknown): WireError {
  if (!(thrown instanceof AppError)) {
    return {
      kind: 'internal',
      code: 'internal',
      message: 'Something went wrong inside; the log of the service has the reason.',
    };
  }
  return {
    kind: thrown.kind,
    code: thrown.code,
    message: thrown.message,
    ...(thrown.violations.length > 0 && { violations: thrown.violations }),
    ...(Object.keys(thrown.facts).length > 0 && { facts: thrown.facts }),
    ...(thrown.retryAfterMs !== undefined && { retryAfterMs: thrown.retryAfterMs }),
  };
}

/** The error that a reply carried, as a value of the class that was thrown on the other side. */
export function fromWireError(wire: WireError): Error {
  if (wire.kind === 'internal') return new InternalError(wire.message);
  const { kind, message, ...details } = wire;
  return new CLASS_OF[kind](message, details);
}

const CLASS_OF: Record<ErrorKind, new (message: string, details: ErrorDetails) => AppError> = {
  invalid: InvalidError,
  unauthenticated: UnauthenticatedError,
  forbidden: ForbiddenError,
  not_found: NotFoundError,
  conflict: ConflictError,
  unavailable: UnavailableError,
  timeout: TimeoutError,
  cancelled: CancelledError,
};
