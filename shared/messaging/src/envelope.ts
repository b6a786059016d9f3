import { randomUUID } from 'node:crypto';
import type { Envelope } from './bus.ts';

/** The envelope of something that a service does of its own accord. */
export function serviceEnvelope(
  service: string,
  about: { tenant?: string; sessionId?: string | null; id?: string; causedBy?: Envelope } = {},
): Envelope {
  const id = about.id ?? randomUUID();
  return {
    id,
    correlationId: about.causedBy?.correlationId ?? id,
    causationId: about.causedBy?.id ?? null,
    tenant: about.tenant ?? about.causedBy?.tenant ?? 'system',
    principal: `service:${service}`,
    sessionId: about.sessionId ?? null,
  };
}
