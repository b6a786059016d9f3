import type { Contract } from '@oio/contracts';
import { AppError } from '@oio/errors';
import type { ParkingReason } from '../parking.ts';
import { parsePayload } from '../parse-payload.ts';
import { UnusableError } from '../wire.ts';

/** The payload of a message that came over the wire. Throws `InvalidError`, whatever a hostile one does to its schema. */
export function usable(contract: Contract, payload: unknown): unknown {
  try {
    return parsePayload(contract, payload);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new UnusableError('malformed', `The payload of "${contract.subject}" cannot be checked.`);
  }
}

/** Under which reason a message is parked whose decoding threw this. */
export function reasonOf(error: unknown): ParkingReason {
  return error instanceof UnusableError ? error.reason : 'malformed';
}
