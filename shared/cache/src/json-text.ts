import { InvalidError } from '@oio/errors';

/** The longest value that is kept, in bytes of JSON. */
export const LONGEST_VALUE = 8 * 1024 * 1024;

/** The value as JSON. Throws `InvalidError` code `cache_value_too_large`; a value that JSON cannot say is a bug. */
export function toJsonText(key: string, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError(`The value for ${key} has no JSON form.`);
  if (Buffer.byteLength(text) <= LONGEST_VALUE) return text;
  throw new InvalidError(`The value for ${key} is too large to be kept: at most ${LONGEST_VALUE} bytes of JSON.`, {
    code: 'cache_value_too_large',
  });
}
