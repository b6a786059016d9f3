import { randomUUID } from 'node:crypto';
import type { Envelope } from './bus.ts';

/** What the envelope of a service is about; the rest is taken from the message that caused it. */
interface About {
  readonly tenant?: string;
  readonly sessionId?: string | null;
  readonly id?: string;
  readonly causedBy?: Envelope;
}

/** The envelope of something that a service does of its own accord. */
export function serviceEnvelope(service: string, about: About = {}): Envelope {
  const { id = randomUUID(), sessionId = null, causedBy } = about;
  const origin = causedBy
    ? { correlationId: causedBy.correlationId, causationId: causedBy.id, tenant: causedBy.tenant }
    : { correlationId: id, causationId: null, tenant: 'system' };
  const { tenant = origin.tenant } = about;
  return { ...origin, id, tenant, principal: `service:${service}`, sessionId };
}
