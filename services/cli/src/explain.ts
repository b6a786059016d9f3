import { AppError } from '@oio/errors';

/** An error for the person at the terminal: what is wrong, field by field, and what to do. */
export function explain(error: unknown): string {
  if (!(error instanceof AppError)) return error instanceof Error ? error.message : String(error);
  const fields = error.violations.map(({ field, message }) => `  ${field || 'input'}: ${message}`);
  const advice = error.code === 'unreachable' ? ['Start it (npm start), or set OIO_URL to where it listens.'] : [];
  return [error.message, ...fields, ...advice].join('\n');
}
