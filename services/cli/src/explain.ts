import { AppError } from '@oio/errors';

/** An error for the person at the terminal: what is wrong, field by field, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof AppError)) return error instanceof Error ? error.message : String(error);
  const fields = error.violations.map(({ field, message }) => `  ${field || 'input'}: ${message}`);
  return [error.message, ...fields].join('\n');
}
