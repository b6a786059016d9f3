import { FIRES_KEPT } from '@oio/contracts';

/** SQL: forgets, of each schedule in `schedules`, the fires that are settled and older than those that are kept. */
export function forgetOldFires(schedules: string): string {
  return `delete from schedule_fires f using ${schedules} s
  where f.schedule_id = s.id and f.outcome <> 'pending' and f.at < (
    select k.at from schedule_fires k where k.schedule_id = s.id order by k.at desc offset ${FIRES_KEPT - 1} limit 1
  )`;
}
