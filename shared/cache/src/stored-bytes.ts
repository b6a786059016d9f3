import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';
import { LONGEST_VALUE } from './json-text.ts';

/** Longer texts than this, in bytes, are compressed. Source: section 5 of the specification. */
const COMPRESS_ABOVE = 1_024;
/** From 0 to 11: most of what can be saved, for a small part of the time that all of it would take. */
const QUALITY = 4;

/** The first byte says how the rest is to be read. */
const PLAIN = 0;
const BROTLI = 1;

const compress = promisify(brotliCompress);
const decompress = promisify(brotliDecompress);

/** A JSON text as it lies in the store: compressed where it is long. */
export async function toStoredBytes(text: string): Promise<Buffer> {
  const plain = Buffer.from(text);
  if (plain.length <= COMPRESS_ABOVE) return Buffer.concat([Buffer.of(PLAIN), plain]);
  const small = await compress(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: QUALITY } });
  return Buffer.concat([Buffer.of(BROTLI), small]);
}

/** The value that lies in the store, or undefined if these bytes cannot be read: they count as never written. */
export async function fromStoredBytes(bytes: Buffer): Promise<unknown> {
  const content = bytes.subarray(1);
  try {
    if (bytes[0] === PLAIN) return JSON.parse(content.toString()) as unknown;
    if (bytes[0] !== BROTLI) return undefined;
    const plain = await decompress(content, { maxOutputLength: LONGEST_VALUE });
    return JSON.parse(plain.toString()) as unknown;
  } catch {
    return undefined;
  }
}
