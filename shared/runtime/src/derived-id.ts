import { createHash } from 'node:crypto';

/** The id at `index` of those that follow from one of version 7 and from what they are for: of that version too, and always the same. */
export function derivedId(baseId: string, purpose: readonly unknown[], index: number): string {
  return idFrom(baseId.replaceAll('-', '').slice(0, 12), [baseId, purpose, index], index);
}

/** The id of version 7 that follows from an instant and from what it is for: always the same, and among others in the order of time. */
export function idAt(instant: string, purpose: readonly unknown[]): string {
  return idFrom(Date.parse(instant).toString(16).padStart(12, '0'), [instant, purpose], 0);
}

/** The instant that an id of version 7 tells, in milliseconds since the epoch, by the clock of whoever made it. */
export function timeOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

function idFrom(time: string, from: unknown, index: number): string {
  const hash = createHash('sha256').update(JSON.stringify(from)).digest('hex');
  // Ids are in the order of the request within the millisecond, as far as twelve bits go.
  const place = index.toString(16).padStart(3, '0').slice(-3);
  const variant = '89ab'[Number.parseInt(hash[0] ?? '0', 16) & 3];
  const hex = `${time}7${place}${variant}${hash.slice(1, 16)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
