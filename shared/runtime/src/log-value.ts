import { AppError } from '@oio/errors';
import { CENSORED, isSecretName } from './secrets.ts';

/** How much of one field gets into a log line. */
const LONGEST_TEXT = 8_192;
const DEEPEST = 8;
const MOST_ENTRIES = 100;
const MOST_VALUES = 1_000;

/** What is written of an object: errors whole with their causes, secrets blotted out, every field bounded. Never throws. */
export function toLogObject(value: object): Record<string, unknown> {
  try {
    return writeEntries(value, (item) => new FieldWriter().write(item, [value]));
  } catch {
    return { value: '[unreadable]' };
  }
}

class FieldWriter {
  #values = 0;

  write(value: unknown, inside: readonly object[]): unknown {
    this.#values += 1;
    if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'object' || value === null) return value;
    if (this.#values > MOST_VALUES || inside.length > DEEPEST) return '[cut]';
    return inside.includes(value) ? '[circular]' : this.#writeObject(value, [...inside, value]);
  }

  #writeObject(value: object, inside: readonly object[]): unknown {
    const write = (item: unknown): unknown => this.write(item, inside);
    if (value instanceof Error) return writeError(value, write);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (hasJsonForm(value)) return write(value.toJSON());
    return Array.isArray(value) ? value.slice(0, MOST_ENTRIES).map(write) : writeEntries(value, write);
  }
}

function writeError(error: Error, write: (item: unknown) => unknown): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    type: name,
    ...writeEntries(error, write),
    // Said by the type.
    name: undefined,
    message: write(message),
    // What passes by itself is no defect that somebody would look for in the code.
    ...(!(error instanceof AppError && error.retryable) && { stack: write(stack) }),
    ...(cause !== undefined && { cause: write(cause) }),
    ...(error instanceof AggregateError && { errors: write(error.errors) }),
  };
}

function writeEntries(value: object, write: (item: unknown) => unknown): Record<string, unknown> {
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([name, item]) => [name, isSecretName(name) ? blotted(item) : write(item)]));
}

/** That there is none, or whether there is one, may be known. */
function blotted(secret: unknown): unknown {
  return secret === null || secret === undefined || typeof secret === 'boolean' ? secret : CENSORED;
}

function hasJsonForm(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
