import type { Failure } from '@oio/contracts';
import { failureOf } from '@oio/domain';
import { AppError, CancelledError } from '@oio/errors';
import { failureOfRefusal } from '../turn/failure.ts';
import { GitError } from '../workspaces/git.ts';

/** Ends a run with a failure that is the session's own: it is reported, and it is no defect of ours. */
export class RunFailure extends Error {
  override readonly name = 'RunFailure';
  readonly failure: Failure;

  constructor(failure: Failure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** Does something with the session's workspace. Throws `RunFailure` for what is wrong with that. */
export async function onWorkspace<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof AppError) || error instanceof CancelledError) throw error;
    throw new RunFailure(workspaceFailureOf(error), { cause: error });
  }
}

/** Git fails for its own reasons; everything else says that the directory is not what it was at the session's creation. */
function workspaceFailureOf(error: AppError): Failure {
  const said = [error.message, ...error.violations.map(({ message }) => message)].join(' ');
  return failureOf(error instanceof GitError || error.retryable ? 'workspace_failed' : 'directory_invalid', said);
}

/** What the owner is told: the session's own failure, what the server refused, or a defect of ours. */
export function whyFailed(error: unknown): Failure {
  if (error instanceof RunFailure) return error.failure;
  const message = error instanceof Error ? error.message.slice(0, 500) : 'unknown';
  return failureOfRefusal(error) ?? failureOf('internal', message);
}
