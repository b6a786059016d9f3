import { InvalidError } from '@oio/errors';

const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The subject that a message goes to: the contract's own, behind the address of the one that is meant. An address is
 * made of plain tokens; an id with a dot, a space or a wildcard is refused, because it would reach somebody else.
 */
export function subjectFor(contract: { readonly subject: string }, address?: string): string {
  if (address === undefined) return contract.subject;
  const tokens = address.split('.');
  if (!tokens.every((token) => TOKEN.test(token))) {
    throw new InvalidError(
      `An address consists of letters, digits, _ and - between dots; got ${JSON.stringify(address.slice(0, 60))}.`,
      { code: 'invalid_address' },
    );
  }
  return `${address}.${contract.subject}`;
}
