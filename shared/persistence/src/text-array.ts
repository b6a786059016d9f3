/** The type `text` in the catalogue of every PostgreSQL. */
const TEXT_OID = 25;
const HEADER_BYTES = 20;
const NULL_LENGTH = -1;

/**
 * An array of texts as PostgreSQL takes it in binary form, for a parameter of type `text[]`: nothing is escaped here and
 * nothing is parsed there. Source: array_recv in src/backend/utils/adt/arrayfuncs.c.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER_BYTES;
  for (const value of values) size += 4 + (value === null ? 0 : Buffer.byteLength(value));
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  // One dimension, whether there are nulls, the type, the length, the lowest index.
  for (const word of [1, values.includes(null) ? 1 : 0, TEXT_OID, values.length, 1])
    offset = bytes.writeInt32BE(word, offset);
  for (const value of values) {
    const length = value === null ? 0 : bytes.write(value, offset + 4);
    bytes.writeInt32BE(value === null ? NULL_LENGTH : length, offset);
    offset += 4 + length;
  }
  return bytes;
}
