import { InvalidError } from '@oio/errors';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const OBJECT_ID = /^([\da-f]{40}|[\da-f]{64})$/;

/** It becomes part of a path, and of orders to git. */
export function isSessionId(id: string): boolean {
  return UUID.test(id);
}

export function assertSessionId(id: string): void {
  if (!isSessionId(id)) throw new InvalidError('The session id is not a UUID.');
}

/** It becomes an argument of git, which would take some for an option. */
export function assertCommitId(id: string): void {
  if (!OBJECT_ID.test(id)) throw new InvalidError('The revision is not the id of a commit.');
}
