import { M0001Sessions } from './m0001-sessions.ts';
import { M0002Distributed } from './m0002-distributed.ts';
import { M0003JsonAsWritten } from './m0003-json-as-written.ts';
import { M0004StateAlone } from './m0004-state-alone.ts';
import { M0005ServerPool } from './m0005-server-pool.ts';
import { M0006OutOfService } from './m0006-out-of-service.ts';
import { M0007Limits } from './m0007-limits.ts';
import { M0008Approvals } from './m0008-approvals.ts';
import { M0009Dependencies } from './m0009-dependencies.ts';
import { M0010ConcurrencyKeys } from './m0010-concurrency-keys.ts';
import { M0011Schedules } from './m0011-schedules.ts';
import { M0012Quotas } from './m0012-quotas.ts';
import { M0013Upkeep } from './m0013-upkeep.ts';
import { M0014CountedHistories } from './m0014-counted-histories.ts';
import { M0015PartlyCompleted } from './m0015-partly-completed.ts';

/** All of them, in order. A name that a database has and this list has not was made by a newer version. */
export const MIGRATIONS = [
  { name: 'M0001Sessions', class: M0001Sessions },
  { name: 'M0002Distributed', class: M0002Distributed },
  { name: 'M0003JsonAsWritten', class: M0003JsonAsWritten },
  { name: 'M0004StateAlone', class: M0004StateAlone },
  { name: 'M0005ServerPool', class: M0005ServerPool },
  { name: 'M0006OutOfService', class: M0006OutOfService },
  { name: 'M0007Limits', class: M0007Limits },
  { name: 'M0008Approvals', class: M0008Approvals },
  { name: 'M0009Dependencies', class: M0009Dependencies },
  { name: 'M0010ConcurrencyKeys', class: M0010ConcurrencyKeys },
  { name: 'M0011Schedules', class: M0011Schedules },
  { name: 'M0012Quotas', class: M0012Quotas },
  { name: 'M0013Upkeep', class: M0013Upkeep },
  { name: 'M0014CountedHistories', class: M0014CountedHistories },
  { name: 'M0015PartlyCompleted', class: M0015PartlyCompleted },
] as const;
