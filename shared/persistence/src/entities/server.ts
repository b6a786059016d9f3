import { defineEntity, p } from '@mikro-orm/core';

/** An OpenCode server that the opencode-gateways use. */
export const ServerEntity = defineEntity({
  name: 'Server',
  tableName: 'servers',
  properties: {
    id: p.text().primary(),
    url: p.text(),
    /** Encrypted; null for a server without any. */
    credentials: p.text().nullable(),
    /** The gateway that keeps a managed server running, until `keeperUntil` by the database's clock. */
    keeper: p.uuid().nullable(),
    keeperUntil: p.datetime().columnType('timestamptz(3)').nullable(),
    /** Sessions at the same time. */
    capacity: p.integer(),
    /** Whether a gateway started it; otherwise it is somebody else's. */
    managed: p.boolean(),
    /** Whether an operator wants it to take no new attempts. */
    drainAsked: p.boolean().default(false),
    /** Why it takes no new attempts, as its keeper says. */
    draining: p.text().nullable(),
    /** Why it takes no new attempts until it was started anew: a turn on it could not be shown to have ended. */
    outOfService: p.text().nullable(),
    /** How it was at `observedAt`: a `ServerObservation` of the contracts. */
    observed: p.json().columnType('json').nullable(),
    observedAt: p.datetime().columnType('timestamptz(3)').nullable(),
    updatedAt: p.datetime().columnType('timestamptz(3)').defaultRaw('now()'),
  },
});
