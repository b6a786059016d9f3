import { newSchedule, type Violation } from '@oio/contracts';
import { rhythmViolations } from '@oio/domain';
import { InvalidError } from '@oio/errors';
import { serviceEnvelope } from '@oio/messaging';
import type { GatewayRouter } from '@oio/ownership';
import type { Clock, Logger } from '@oio/runtime';
import type { FurtherViolations } from './parse-request.ts';
import { placeViolations } from './place-violations.ts';
import type { Principal } from './ports.ts';

type Raw = Readonly<Record<string, unknown>>;

export interface Asking {
  readonly principal: Principal;
  readonly correlationId: string;
}

/** Throws `InvalidError` for a schedule that never comes due, or whose session could not be accepted now; `UnavailableError` when nobody can say. */
export async function assertPossible(
  { gateways, clock }: { readonly gateways: GatewayRouter; readonly clock: Clock },
  schedule: Raw,
  asking: Asking,
): Promise<void> {
  const violations = [...rhythm(schedule, clock.now()), ...(await ofSession(gateways, schedule, asking))];
  if (violations.length > 0) throw new InvalidError('The schedule cannot be accepted.', { violations });
}

/** The same of a schedule whose other fields break the contract already, so that the client learns of both at once. */
export function createScheduleInspection(
  gateways: GatewayRouter,
  clock: Clock,
  logger: Logger,
): (principal: Principal, correlationId: string) => FurtherViolations {
  return (principal, correlationId) => async (body) => {
    const raw = body as Raw;
    const known = rhythm(raw, clock.now());
    try {
      return [...known, ...(await ofSession(gateways, raw, { principal, correlationId }))];
    } catch (error) {
      logger.warn({ err: error, correlationId }, 'place not inspected');
      return known;
    }
  };
}

/** Nothing about what breaks the contract. */
function rhythm(raw: Raw, now: string): Violation[] {
  const cron = newSchedule.shape.cron.safeParse(raw['cron']);
  const timeZone = newSchedule.shape.timeZone.safeParse(raw['timeZone']);
  return cron.success && timeZone.success ? rhythmViolations({ cron: cron.data, timeZone: timeZone.data }, now) : [];
}

async function ofSession(gateways: GatewayRouter, raw: Raw, { principal, correlationId }: Asking) {
  const session = raw['session'];
  if (typeof session !== 'object' || session === null || Array.isArray(session)) return [];
  const { id, tenant } = principal;
  const envelope = { ...serviceEnvelope('http-gateway', { tenant }), correlationId, principal: `user:${id}` };
  const violations = await placeViolations(gateways, session as Raw, envelope);
  return violations.map((violation) => ({ ...violation, field: `session.${violation.field}` }));
}
