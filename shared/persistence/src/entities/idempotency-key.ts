import { defineEntity, p } from '@mikro-orm/core';

/** What a client's `Idempotency-Key` stood for when it came first. */
export const IdempotencyKeyEntity = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_keys',
  properties: {
    tenant: p.text().primary(),
    key: p.text().primary(),
    /** SHA-256 of operation and body. */
    requestHash: p.text(),
    sessionId: p.uuid(),
    commandId: p.text(),
    createdAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
  },
});
