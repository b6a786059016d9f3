/** Where a message from a stream comes from, as the subject for its acknowledgement says. */
export interface Delivered {
  readonly consumer: string;
  /** Place in the stream, and in what the consumer has delivered; both count from 1. */
  readonly streamSeq: number;
  readonly consumerSeq: number;
  /** When the stream stored it, in nanoseconds since 1970: more digits than a number has. */
  readonly storedAtNs: string;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<at>.<pending>`, or with domain and account
 * before the stream, as servers with a domain write it. Null for anything else.
 */
export function deliveredFrom(reply: string | undefined): Delivered | null {
  const tokens = reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return null;
  const [, consumer, , streamSeq, consumerSeq, storedAtNs] = tokens.slice(tokens.length === 9 ? 2 : 4);
  if (consumer === undefined || storedAtNs === undefined) return null;
  return { consumer, streamSeq: Number(streamSeq), consumerSeq: Number(consumerSeq), storedAtNs };
}
