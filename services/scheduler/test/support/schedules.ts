import { newSchedule } from '@oio/contracts';
import type { Database } from '@oio/persistence';
import { newId } from '@oio/runtime';

export interface ScheduleWish {
  /** As SQL; by default it is due. */
  readonly nextFireAt?: string;
  readonly cron?: string;
  readonly overlap?: string;
  readonly catchUpLimit?: number;
  readonly concurrencyKey?: string;
}

const INSERT = (nextFireAt: string): string => `
insert into schedules (id, tenant, name, cron, time_zone, overlap, catch_up_limit, paused, session, created_by, next_fire_at)
values ($1::uuid, 'acme', $1, $2, 'UTC', $3, $4, false, $5::json, 'ada', ${nextFireAt})`;

/** Enters a schedule as the http-gateway does; returns its id. */
export async function enterSchedule(database: Database, wish: ScheduleWish = {}): Promise<string> {
  const { nextFireAt = 'now()', cron = '0 0 1 1 *', overlap, catchUpLimit, concurrencyKey = null } = wish;
  const session = { title: 'Add a parser', prompt: 'Add a parser.', concurrencyKey };
  const entry = newSchedule.parse({ name: 'nightly', cron, overlap, catchUpLimit, session });
  const id = newId();
  const { overlap: policy, catchUpLimit: limit } = entry;
  await database.query(INSERT(nextFireAt), [id, cron, policy, limit, JSON.stringify(entry.session)]);
  return id;
}

export interface StoredFire {
  readonly sessionId: string;
  readonly outcome: string;
  readonly detail: string | null;
}

/** The fires of a schedule, oldest first. */
export function firesOf(database: Database, scheduleId: string): Promise<StoredFire[]> {
  return database.query<StoredFire>(
    `select session_id as "sessionId", outcome, detail from schedule_fires where schedule_id = $1::uuid order by at, session_id`,
    [scheduleId],
  );
}
