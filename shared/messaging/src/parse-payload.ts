import { type Contract, violationsOf } from '@oio/contracts';
import { InvalidError } from '@oio/errors';

/** The payload as its contract has it, defaults filled in. Throws `InvalidError` that names every field that is wrong. */
export function parsePayload(contract: Contract, payload: unknown): unknown {
  const result = contract.payload.safeParse(payload);
  if (result.success) return result.data;
  throw new InvalidError(`The payload of "${contract.subject}" is not valid.`, {
    violations: violationsOf(result.error),
  });
}
