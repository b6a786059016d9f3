import { InvalidError } from '@oio/errors';

/** `<sessionId>:<seq>`; nothing that could end a header line. */
const MESSAGE_ID = /^[A-Za-z0-9_.:-]{1,256}$/;

/** Throws `InvalidError` code `invalid_message_id` for an id that cannot stand in a header of the wire. */
export function assertMessageId(id: string): void {
  if (MESSAGE_ID.test(id)) return;
  throw new InvalidError(
    `The id of an event is 1 to 256 letters, digits, _, ., : and -; got ${JSON.stringify(id.slice(0, 60))}.`,
    { code: 'invalid_message_id' },
  );
}
