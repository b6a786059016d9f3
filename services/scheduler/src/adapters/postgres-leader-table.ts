import { type Database, workerLockKey } from '@oio/persistence';
import type { LeaderTable } from '../ports.ts';

/** clock_timestamp(), because a statement that waited for a lock has an old now(). */
const TAKE = `
insert into leaders (role, holder, epoch, lease_until)
values ('scheduler', $1::uuid, 1, clock_timestamp() + make_interval(secs => $2))
on conflict (role) do update
  set holder = excluded.holder, epoch = leaders.epoch + 1, lease_until = clock_timestamp() + make_interval(secs => $2)
  where leaders.holder = excluded.holder or leaders.lease_until <= clock_timestamp()
    or (leaders.holder = $3::uuid and pg_try_advisory_xact_lock_shared(${workerLockKey('leaders.holder')}))
returning epoch::int as epoch`;

const LEADER = `select holder from leaders where role = 'scheduler' and lease_until > clock_timestamp()`;

const RENEW = `
update leaders set lease_until = clock_timestamp() + make_interval(secs => $3)
where role = 'scheduler' and holder = $1::uuid and epoch = $2 and lease_until > clock_timestamp()
returning epoch`;

const RESIGN = `update leaders set lease_until = clock_timestamp() where role = 'scheduler' and holder = $1::uuid and epoch = $2`;

export function createPostgresLeaderTable(database: Database): LeaderTable {
  return {
    async take(holder, leaseMs, gone) {
      const [row] = await database.query<{ epoch: number }>(TAKE, [holder, leaseMs / 1_000, gone]);
      return row?.epoch ?? null;
    },
    async leader() {
      const [row] = await database.query<{ holder: string }>(LEADER);
      return row?.holder ?? null;
    },
    async renew(holder, epoch, leaseMs) {
      const rows = await database.query(RENEW, [holder, epoch, leaseMs / 1_000]);
      return rows.length > 0;
    },
    async resign(holder, epoch) {
      await database.query(RESIGN, [holder, epoch]);
    },
  };
}
