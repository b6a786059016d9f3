import { defineEntity, p } from '@mikro-orm/core';

/** A message that a consumer could not use, kept for an operator to look at and replay. */
export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    /** Version 7: the order of ids is that of arrival. */
    id: p.uuid().primary(),
    subject: p.text(),
    consumer: p.text(),
    reason: p.text(),
    detail: p.text(),
    payload: p.text(),
    /** How `payload` stands for the bytes that came: `text` or `base64`. */
    encoding: p.text(),
    truncated: p.boolean(),
    receivedAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
    replayedAt: p.datetime().columnType('timestamptz(3)').nullable(),
  },
});
