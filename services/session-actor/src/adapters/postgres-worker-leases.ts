import { hostname } from 'node:os';
import { UnavailableError } from '@oio/errors';
import { type Database, isLivingWorker } from '@oio/persistence';
import type { WorkerLeases } from '../ports.ts';

/** What `before` reads is the row as it was when the statement began. */
const RENEW = `
with before as (select lease_until > now() as living from workers where incarnation = $1::uuid)
insert into workers (incarnation, lease_until, started_at, host, pid, locked)
values ($1::uuid, now() + make_interval(secs => $2), now(), $3, $4, $5)
on conflict (incarnation) do update set lease_until = excluded.lease_until, locked = excluded.locked
returning now() as now, coalesce((select living from before), false) as kept`;

const LIVES = `select 1 from workers w where w.incarnation = $1::uuid and ${isLivingWorker('w')}`;

export function createPostgresWorkerLeases(database: Database): WorkerLeases {
  return {
    async renew(incarnation, leaseMs, locked) {
      const parameters = [incarnation, leaseMs / 1_000, hostname(), process.pid, locked];
      const [row] = await database.query<{ now: Date; kept: boolean }>(RENEW, parameters, { prepared: 'renew_worker' });
      if (!row) throw new UnavailableError('The lease of the worker was not confirmed.');
      return { now: new Date(row.now), kept: row.kept };
    },
    async lives(incarnation) {
      const rows = await database.query(LIVES, [incarnation], { prepared: 'worker_lives' });
      return rows.length > 0;
    },
    async end(incarnation) {
      await database.query('update workers set lease_until = now() where incarnation = $1::uuid', [incarnation]);
    },
  };
}
