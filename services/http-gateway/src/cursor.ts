import { createHash } from 'node:crypto';
import { InvalidError } from '@oio/errors';

const CHECK_BYTES = 8;

/**
 * Where a list goes on: the last id of the page before, and a check over it, the tenant and the filter. It needs no secret,
 * because it opens nothing: the tenant alone decides what is seen. The check catches what was cut, altered or taken from
 * another list.
 */
export function encodeCursor(lastId: string, scope: CursorScope): string {
  const id = Buffer.from(lastId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, checkOf(id, scope)]).toString('base64url');
}

/** The id to go on below. Throws `InvalidError` for a cursor that was not made for this list. */
export function decodeCursor(cursor: string, scope: CursorScope): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const id = bytes.subarray(0, 16);
  if (bytes.toString('base64url') !== cursor || !bytes.subarray(16).equals(checkOf(id, scope))) {
    throw new InvalidError('The request is not valid.', {
      violations: [
        {
          field: 'cursor',
          code: 'invalid_cursor',
          message: 'cursor must be the nextCursor of a page of the same list, unchanged.',
        },
      ],
    });
  }
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export interface CursorScope {
  readonly tenant: string;
  readonly filter: unknown;
}

function checkOf(id: Buffer, { tenant, filter }: CursorScope): Buffer {
  return createHash('sha256')
    .update(id)
    .update(JSON.stringify([tenant, filter]))
    .digest()
    .subarray(0, CHECK_BYTES);
}
