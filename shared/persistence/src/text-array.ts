/** The type `text` in the catalogue of every PostgreSQL. */
const TEXT_OID = 25;
const HEADER_BYTES = 20;
const NULL_LENGTH = -1;

/**
 * An array of texts as PostgreSQL takes it in binary form, for a parameter of type `text[]`: nothing is escaped here and
 * nothing is parsed there. Source: array_recv in src/backend/utils/adt/arrayfuncs.c.
 */
export function textArray(values: readonly (string | null)[]): Buffer {
  const lengths = values.map((value) => (value === null ? NULL_LENGTH : Buffer.byteLength(value)));
  const size = lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), HEADER_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  // One dimension, whether there are nulls, the type, the length, the lowest index.
  for (const word of [1, lengths.includes(NULL_LENGTH) ? 1 : 0, TEXT_OID, values.length, 1])
    offset = bytes.writeInt32BE(word, offset);
  values.forEach((value, index) => {
    offset = bytes.writeInt32BE(lengths[index] ?? NULL_LENGTH, offset);
    if (value !== null) offset += bytes.write(value, offset);
  });
  return bytes;
}
