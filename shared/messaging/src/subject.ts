import { InvalidError } from '@oio/errors';

/** A role and the id of one that has it, such as `worker.018f…`. */
const ADDRESS = /^[A-Za-z0-9_-]{1,128}\.[A-Za-z0-9_-]{1,128}$/;

/**
 * The subject that a message goes to: the contract's own, behind the address of the one that is meant. An id with a dot,
 * a space or a wildcard is refused with `InvalidError` code `invalid_address`, because it would reach somebody else.
 */
export function subjectFor(contract: { readonly subject: string }, address?: string): string {
  if (address === undefined) return contract.subject;
  if (ADDRESS.test(address)) return `${address}.${contract.subject}`;
  throw new InvalidError(
    `An address is a role and an id, each of letters, digits, _ and -, with a dot between; got ${JSON.stringify(address.slice(0, 60))}.`,
    { code: 'invalid_address' },
  );
}
