/** The connections of a pool: twenty, and ten more at times of need. */
export const POOL_CONNECTIONS = 30;

/** What the embedded PostgreSQL lets in: the pools of a distributed system on one machine, and a few connections beside each. */
export const EMBEDDED_MAX_CONNECTIONS = 300;
