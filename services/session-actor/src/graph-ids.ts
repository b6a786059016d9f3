import { createHash } from 'node:crypto';

/**
 * The id of the session at `index` of a graph: of version 7, and the same whenever the same graph is submitted by the same
 * order. It follows from all that the graph says, so that two graphs never share some of their ids: all are taken, or none.
 */
export function graphSessionId(baseId: string, order: readonly unknown[], index: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([baseId, order, index]))
    .digest('hex');
  const time = baseId.replaceAll('-', '').slice(0, 12);
  // Ids are in the order of the request within the millisecond, as far as twelve bits go.
  const place = index.toString(16).padStart(3, '0').slice(-3);
  const variant = '89ab'[Number.parseInt(hash[0] ?? '0', 16) & 3];
  const hex = `${time}7${place}${variant}${hash.slice(1, 16)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
