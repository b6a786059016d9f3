import { hostname } from 'node:os';
import { UnavailableError } from '@oio/errors';
import type { Database } from '@oio/persistence';
import type { WorkerLeases } from '../ports.ts';

/** What `before` reads is the row as it was when the statement began. */
const RENEW = `
with before as (select lease_until > now() as living from workers where incarnation = $1::uuid)
insert into workers (incarnation, lease_until, started_at, host, pid) values ($1::uuid, now() + make_interval(secs => $2), now(), $3, $4)
on conflict (incarnation) do update set lease_until = excluded.lease_until
returning now() as now, coalesce((select living from before), false) as kept`;

export function createPostgresWorkerLeases(database: Database): WorkerLeases {
  return {
    async renew(incarnation, leaseMs) {
      const parameters = [incarnation, leaseMs / 1_000, hostname(), process.pid];
      const [row] = await database.query<{ now: Date; kept: boolean }>(RENEW, parameters, { prepared: 'renew_worker' });
      if (!row) throw new UnavailableError('The lease of the worker was not confirmed.');
      return { now: new Date(row.now), kept: row.kept };
    },
    async end(incarnation) {
      await database.query('update workers set lease_until = now() where incarnation = $1::uuid', [incarnation]);
    },
    onThisHost: () =>
      database.query('select incarnation, pid from workers where host = $1 and lease_until > now()', [hostname()]),
  };
}
