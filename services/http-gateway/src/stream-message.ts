import type { sessionStream } from '@oio/contracts';
import type { z } from 'zod';

/** A server-sent event. `history` carries its sequence number as id, from which a reader resumes. */
export function streamMessage<N extends keyof typeof sessionStream>(
  name: N,
  data: z.input<(typeof sessionStream)[N]>,
): string {
  const id = name === 'history' ? `id: ${(data as { seq: number }).seq}\n` : '';
  return `${id}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment: keeps the connection alive and means nothing. */
export const HEARTBEAT = ': heartbeat\n\n';
